/*
 * Create: raises one approval request for Privilege Manager.
 *
 * Scripted SOAP service of Approval Console. Inputs: the PM... texts that Privilege Manager sends. Output PMRequestId:
 * the sys_id of the requested item (sc_req_item), which Status and Cancel take.
 *
 * - The catalog item is found by MARKER in its field "Meta", not by a sys_id: it may be renamed, moved or made again.
 *   Other words may stand in "Meta" beside it, separated by commas or blanks.
 * - The order goes past the cart of the calling account.
 * - Every input that the item has a variable for is copied. What is too long for a variable is cut visibly, and its
 *   whole is written to the work notes of the requested item.
 * - When something is wrong the script throws: the caller gets a SOAP fault with the sentence, not an empty id.
 *
 * ECMAScript 5 only.
 */
(function scriptedWebServiceOperation(request, response) {
    // All that differs between two sets of services on one instance.
    var MARKER = '{{marker}}';

    // The inputs of every version. When the item lacks the variable of one that was sent, the log says so.
    var DOCUMENTED = [
        'PMApprovalId', 'PMInitiatorId', 'PMInitiatorName', 'PMPolicyId', 'PMPolicyName', 'PMAgentId', 'PMAgentName',
        'PMProcessId', 'PMProcessName', 'PMFilePath', 'PMUserReason'
    ];

    var itemId = findItem();
    var wanted = readInputs(variableNames(itemId));
    var requestId = order(itemId, wanted.values);
    var requestedItem = findRequestedItem(requestId, itemId);
    keepWhole(requestedItem, wanted.tooLong);
    response.PMRequestId = String(requestedItem.getUniqueValue());

    /** The sys_id of the one active catalogue item that carries the marker. */
    function findItem() {
        var active = [];
        var inactive = 0;
        var item = new GlideRecord('sc_cat_item');
        item.addQuery('meta', 'CONTAINS', MARKER);
        item.query();
        while (item.next()) {
            // "Contains" also finds longer markers.
            if (!carriesMarker(item.getValue('meta'))) {
                continue;
            }
            if (isTrue(item.getValue('active'))) {
                active.push(String(item.getUniqueValue()));
            } else {
                inactive += 1;
            }
        }
        if (active.length === 1) {
            return active[0];
        }
        if (active.length > 1) {
            throw new Error(active.length + ' active catalog items carry ' + MARKER + ' in Meta; exactly one may.');
        }
        if (inactive > 0) {
            throw new Error('The catalog item that carries ' + MARKER + ' in Meta is not active.');
        }
        throw new Error('No catalog item carries ' + MARKER + ' in Meta.');
    }

    function carriesMarker(meta) {
        var words = String(meta || '').toLowerCase().split(/[\s,;]+/);
        return words.indexOf(MARKER.toLowerCase()) >= 0;
    }

    function isTrue(value) {
        return String(value) === '1' || String(value) === 'true';
    }

    /** The names of the item's active variables, those of its variable sets included. */
    function variableNames(id) {
        var names = {};
        var sets = [];
        var link = new GlideRecord('io_set_item');
        link.addQuery('sc_cat_item', id);
        link.query();
        while (link.next()) {
            sets.push(String(link.getValue('variable_set')));
        }
        addNames('cat_item', id);
        if (sets.length > 0) {
            addNames('variable_set', sets.join(','));
        }
        return names;

        function addNames(field, ids) {
            var variable = new GlideRecord('item_option_new');
            variable.addQuery(field, 'IN', ids);
            variable.addQuery('active', true);
            variable.query();
            while (variable.next()) {
                names[String(variable.getValue('name'))] = true;
            }
        }
    }

    /** The inputs that were sent and have a variable, and the whole of what was cut. */
    function readInputs(names) {
        var longest = valueLength();
        var values = {};
        var tooLong = {};
        var lost = [];
        var name;
        var value;
        for (name in names) {
            if (!sent(name)) {
                continue;
            }
            value = clean(String(request[name]));
            values[name] = cut(value, longest);
            if (values[name] !== value) {
                tooLong[name] = value;
            }
        }
        for (var i = 0; i < DOCUMENTED.length; i += 1) {
            if (sent(DOCUMENTED[i]) && names[DOCUMENTED[i]] !== true) {
                lost.push(DOCUMENTED[i]);
            }
        }
        if (lost.length > 0) {
            gs.warn('Approval request: the catalog item has no variable ' + lost.join(', ') + '.');
        }
        return {values: values, tooLong: tooLong};
    }

    function sent(name) {
        return request[name] !== undefined && request[name] !== null;
    }

    /** Without the characters that no XML answer can carry again. */
    function clean(text) {
        return text.replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '');
    }

    /** What the column of variables holds; an instance cuts longer texts without a word. 0 when it does not say. */
    function valueLength() {
        var column = new GlideRecord('sys_dictionary');
        column.addQuery('name', 'sc_item_option');
        column.addQuery('element', 'value');
        column.query();
        return column.next() ? parseInt(column.getValue('max_length'), 10) || 0 : 0;
    }

    function cut(text, longest) {
        if (longest === 0 || text.length <= longest) {
            return text;
        }
        var note = ' [cut; the whole is in the work notes]';
        return text.substring(0, Math.max(0, longest - note.length)).replace(/[\uD800-\uDBFF]$/, '') + note;
    }

    /** Order one item and return the sys_id of the request (sc_request). */
    function order(id, values) {
        var placed;
        // With two-step checkout "order now" only fills the caller's cart, so it is not used there.
        var twoStep = String(gs.getProperty('glide.sc.checkout.twostep')) === 'true';
        if (typeof sn_sc !== 'undefined' && sn_sc.CartJS && !twoStep) {
            placed = new sn_sc.CartJS().orderNow({
                sysparm_id: id,
                sysparm_quantity: '1',
                variables: values
            });
            if (!placed || !placed.request_id) {
                throw new Error('The catalog did not take the order.');
            }
            return String(placed.request_id);
        }
        // Otherwise a cart with a name of its own, which is nobody else's.
        var cart = new Cart(String(gs.generateGUID()));
        var line = cart.addItem(id);
        for (var name in values) {
            cart.setVariable(line, name, values[name]);
        }
        placed = cart.placeOrder();
        if (!placed) {
            throw new Error('The catalog did not take the order.');
        }
        return String(placed.getUniqueValue());
    }

    function findRequestedItem(id, catalogItem) {
        var found = new GlideRecord('sc_req_item');
        found.addQuery('request', id);
        found.addQuery('cat_item', catalogItem);
        found.query();
        if (!found.next()) {
            throw new Error('The order was taken, but its request ' + id + ' has no requested item.');
        }
        return found;
    }

    /** Work notes take any length. */
    function keepWhole(requested, texts) {
        var notes = [];
        for (var name in texts) {
            notes.push(name + ':\n' + texts[name]);
        }
        if (notes.length > 0) {
            requested.work_notes = notes.join('\n\n');
            requested.update();
        }
    }
})(request, response);
