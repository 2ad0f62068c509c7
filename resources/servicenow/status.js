/*
 * Status: tells Privilege Manager how an approval request stands.
 *
 * Scripted SOAP service of Approval Console. Input PMGetRequestId: the sys_id of a requested item (sc_req_item) as
 * Create returns it, or of a request (sc_request) as older scripts return it. Outputs: PMApprovalStatus, one of
 * approved, rejected, pending and invalid; PMComment, the newest comment of the approvers.
 *
 * Privilege Manager asks again while the answer is "pending", and rejects the request when it is "invalid". This
 * script only reads. ECMAScript 5 only.
 */
(function scriptedWebServiceOperation(request, response) {
    /*
     * What a stored value of "approval" means, while the record is open and once it is closed.
     * A decision stands, whatever happens to the record later. Without one, a closed record will never get it, so
     * Privilege Manager must not go on asking. Nothing but "approved" ever lets an application run.
     */
    var WORDS = {
        //                 open        closed
        'approved':      ['approved', 'approved'], // closed complete after fulfilment, too
        'rejected':      ['rejected', 'rejected'], // a rejection closes the record
        'requested':     ['pending',  'invalid'],  // closed over the head of the approvers
        'not requested': ['pending',  'invalid'],  // waits for its turn, or the item has no approval process
        '':              ['pending',  'invalid'],  // not filled in yet
        'cancelled':     ['invalid',  'invalid'],  // withdrawn
        'not_required':  ['invalid',  'invalid'],  // nobody decides any more, and nobody has approved
        'duplicate':     ['invalid',  'invalid'],  // another record stands for it
        'skipped':       ['invalid',  'invalid']   // the flow went past the question
    };
    // Any other value, of a customer's own, is "invalid".

    // Closed Complete, Closed Incomplete, Closed Skipped. A record that is not active is closed as well.
    var CLOSED_STATES = ['3', '4', '7'];

    // Several requested items of one request: the first word of this list that one of them has.
    var GRAVEST = ['rejected', 'invalid', 'pending', 'approved'];

    var COMMENT_MAX = 4000;

    var id = request.PMGetRequestId === undefined || request.PMGetRequestId === null
        ? '' : String(request.PMGetRequestId).trim();
    var items = findItems(id);
    response.PMApprovalStatus = gravest(items);
    response.PMComment = newestComment(items);

    /** The requested item with this sys_id, or those of the request with this sys_id. */
    function findItems(key) {
        // Nothing but a sys_id reaches a query: an instance runs a value that begins with "javascript:".
        if (!/^[0-9a-f]{32}$/i.test(key)) {
            return [];
        }
        var found = collect('sys_id', key);
        return found.length > 0 ? found : collect('request', key);
    }

    function collect(field, value) {
        var list = [];
        var item = new GlideRecord('sc_req_item');
        item.addQuery(field, value);
        item.query();
        while (item.next()) {
            // An instance that ignores a query it cannot read would give every record.
            if (String(item.getValue(field)) === value) {
                list.push({
                    id: String(item.getUniqueValue()),
                    request: String(item.getValue('request') || ''),
                    word: wordOf(item)
                });
            }
        }
        return list;
    }

    function wordOf(item) {
        var word = translate(item);
        if (word !== 'pending') {
            return word;
        }
        // The approval of the whole request comes before that of its items, and can end them.
        var whole = new GlideRecord('sc_request');
        if (item.getValue('request') && whole.get(item.getValue('request'))) {
            return translate(whole) === 'approved' ? 'pending' : translate(whole);
        }
        return word;
    }

    function translate(record) {
        var approval = String(record.getValue('approval') || '');
        var closed = CLOSED_STATES.indexOf(String(record.getValue('state'))) >= 0 ||
            String(record.getValue('active')) === '0' || String(record.getValue('active')) === 'false';
        return WORDS.hasOwnProperty(approval) ? WORDS[approval][closed ? 1 : 0] : 'invalid';
    }

    function gravest(list) {
        for (var i = 0; i < GRAVEST.length; i += 1) {
            for (var j = 0; j < list.length; j += 1) {
                if (list[j].word === GRAVEST[i]) {
                    return GRAVEST[i];
                }
            }
        }
        return 'invalid';
    }

    /** The newest comment on the approvals of the items and of their requests. */
    function newestComment(list) {
        var tasks = [];
        for (var i = 0; i < list.length; i += 1) {
            tasks.push(list[i].id);
            if (list[i].request !== '') {
                tasks.push(list[i].request);
            }
        }
        var approvals = tasks.length > 0 ? approvalsOf(tasks) : [];
        if (approvals.length === 0) {
            return '';
        }
        var entry = new GlideRecord('sys_journal_field');
        entry.addQuery('name', 'sysapproval_approver');
        entry.addQuery('element', 'comments');
        entry.addQuery('element_id', 'IN', approvals.join(','));
        entry.orderByDesc('sys_created_on');
        entry.setLimit(1);
        entry.query();
        return entry.next() ? sendable(String(entry.getValue('value') || '')) : '';
    }

    function approvalsOf(tasks) {
        var ids = [];
        var approval = new GlideRecord('sysapproval_approver');
        approval.addQuery('sysapproval', 'IN', tasks.join(','));
        approval.query();
        while (approval.next()) {
            ids.push(String(approval.getUniqueValue()));
        }
        return ids;
    }

    /** Without what XML cannot carry, and no longer than Privilege Manager can show. */
    function sendable(text) {
        var clean = text.replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '');
        if (clean.length <= COMMENT_MAX) {
            return clean;
        }
        // Not between the two halves of one character.
        return clean.substring(0, COMMENT_MAX - 1).replace(/[\uD800-\uDBFF]$/, '') + '\u2026';
    }
})(request, response);
