/*
 * Cancel: withdraws an approval request that Privilege Manager no longer waits for.
 *
 * Scripted SOAP service of Approval Console. Inputs: PMCancelRequestId, the sys_id of a requested item (sc_req_item)
 * as Create returns it, or of a request (sc_request) as older scripts return it; PMCancelComment, why. The result is
 * given under both names that the vendor's guide and scripts use; Privilege Manager ignores its value.
 *
 * Open approvals and the requested item are cancelled, each with the comment. What was decided, or closed already, is
 * left alone, so the service may be called again. Nothing is deleted. ECMAScript 5 only.
 */
(function scriptedWebServiceOperation(request, response) {
    var CLOSED_INCOMPLETE = '4';
    var CLOSED_STATES = ['3', '4', '7'];
    // Values of "approval" and of an approver's "state" that still wait for somebody.
    var OPEN_WORDS = ['requested', 'not requested', ''];

    var id = text(request.PMCancelRequestId).trim();
    var comment = text(request.PMCancelComment);
    var hasComment = comment.trim() !== '';
    var items = findItems(id);
    for (var i = 0; i < items.length; i += 1) {
        cancel(items[i]);
    }
    // The guide asks for the first name, the vendor's own script sets the second.
    response.TmsCancelResult = items.length > 0 ? 'Success' : 'Not found';
    response.PMCancelResult = items.length > 0 ? 'Success' : 'Not found';

    function text(value) {
        return value === undefined || value === null ? '' : String(value);
    }

    /**
     * The sys_id of the requested item with this sys_id, or of the one of the request with this sys_id. Where that has
     * several items, the one that carries a PMApprovalId is meant: the others were ordered for something else.
     */
    function findItems(key) {
        // Nothing but a sys_id reaches a query: an instance runs a value that begins with "javascript:".
        if (!/^[0-9a-f]{32}$/i.test(key)) {
            return [];
        }
        var found = collect('sys_id', key);
        if (found.length > 0) {
            return found;
        }
        var ordered = collect('request', key);
        return ordered.length > 1 ? theOneRaised(ordered) : ordered;
    }

    /** The one of several items that Privilege Manager raised, or none where that cannot be told. */
    function theOneRaised(ids) {
        var raised = [];
        for (var i = 0; i < ids.length; i += 1) {
            var item = new GlideRecord('sc_req_item');
            if (item.get(ids[i]) && text(item.variables.PMApprovalId) !== '') {
                raised.push(ids[i]);
            }
        }
        return raised.length === 1 ? raised : [];
    }

    function collect(field, value) {
        var ids = [];
        var item = new GlideRecord('sc_req_item');
        item.addQuery(field, value);
        item.query();
        while (item.next()) {
            // An instance that ignores a query it cannot read would give every record.
            if (String(item.getValue(field)) === value) {
                ids.push(String(item.getUniqueValue()));
            }
        }
        return ids;
    }

    function isOpen(item) {
        // Customers have closed states of their own: a record that is not active is closed as well.
        return OPEN_WORDS.indexOf(text(item.getValue('approval'))) >= 0 &&
            CLOSED_STATES.indexOf(text(item.getValue('state'))) < 0 &&
            ['0', 'false'].indexOf(text(item.getValue('active'))) < 0;
    }

    function cancel(itemId) {
        var item = new GlideRecord('sc_req_item');
        if (!item.get(itemId) || !isOpen(item)) {
            return;
        }
        cancelApprovals(itemId);
        // Read again: the rules of the instance carry cancelled approvals on to the item, and an approver may have
        // been faster. A decision is never undone.
        item = new GlideRecord('sc_req_item');
        if (!item.get(itemId)) {
            return;
        }
        if (isOpen(item)) {
            item.setValue('approval', 'cancelled');
            item.setValue('state', CLOSED_INCOMPLETE);
        }
        if (text(item.getValue('approval')) !== 'approved' && hasComment) {
            item.comments = comment;
        }
        item.update();
    }

    function cancelApprovals(itemId) {
        var approval = new GlideRecord('sysapproval_approver');
        approval.addQuery('sysapproval', itemId);
        approval.addQuery('state', 'IN', 'requested,not requested');
        approval.query();
        while (approval.next()) {
            approval.setValue('state', 'cancelled');
            if (hasComment) {
                approval.comments = comment;
            }
            approval.update();
        }
    }
})(request, response);
