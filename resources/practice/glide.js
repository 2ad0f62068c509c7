/*
 * A stand-in of the part of the Glide API that scripted SOAP services use, over the tables of the practice instance.
 * It is evaluated before each script, in an engine of its own: `bridge` takes and gives JSON, and nothing else leads
 * out. What is not here does not exist, and a script that calls it fails as it would with a misspelt name.
 */
(function (bridge, call) {
    'use strict';

    const ask = (name, ...values) => {
        const answer = JSON.parse(bridge(JSON.stringify([name, ...values])));
        if (answer.error !== undefined) {
            throw new Error(answer.error);
        }
        return answer.value;
    };
    const text = (value) => (value === null || value === undefined ? '' : String(value));
    const texts = (values) => {
        const made = {};
        for (const name of Object.keys(values || {})) {
            made[name] = text(values[name]);
        }
        return made;
    };

    const known = new Map();
    const describe = (table) => {
        if (!known.has(table)) {
            known.set(table, ask('table', table));
        }
        return known.get(table);
    };

    // -- records ---------------------------------------------------------------

    const PAGE = 100;

    /** One field of a record: an object that is a text wherever a text is wanted, and walks on at a reference. */
    function element(state, name) {
        const column = state.spec.columns[name];
        const value = () => text(state.row && state.row[name]);
        const referred = () => {
            const found = column.reference ? new GlideRecord(column.reference) : null;
            return found && found.get(value()) ? found : null;
        };
        const methods = {
            toString: value,
            valueOf: value,
            toJSON: value,
            getValue: value,
            getName: () => name,
            nil: () => value() === '',
            hasValue: () => value() !== '',
            changes: () => value() !== text(state.original && state.original[name]),
            setValue: (next) => store(state, name, next),
            getRefRecord: () => referred() || new GlideRecord(column.reference || state.table),
            getDisplayValue: () => ask('display', state.table, name, value()),
            getJournalEntry: (count) => ask('journal', state.table, name, text(state.row && state.row.sys_id), count),
            getReferenceTable: () => column.reference
        };
        methods[Symbol.toPrimitive] = value;
        return new Proxy(methods, {
            get: (target, key) => {
                if (key in target || typeof key === 'symbol') {
                    return target[key];
                }
                const other = referred();
                return other ? other[key] : undefined;
            }
        });
    }

    function store(state, name, value) {
        if (state.row === null) {
            begin(state);
        }
        if (Object.hasOwn(state.spec.columns, name)) {
            state.row[name] = text(value);
            if (state.spec.columns[name].type === 'boolean' && /^[01]$/.test(state.row[name])) {
                state.row[name] = state.row[name] === '1' ? 'true' : 'false';
            }
        }
    }

    function begin(state) {
        state.row = {};
        state.original = {};
        state.isNew = true;
    }

    function show(state, row) {
        state.row = row ? Object.assign({}, row) : null;
        state.original = row ? Object.assign({}, row) : null;
        state.isNew = false;
        return row !== null && row !== undefined;
    }

    /** The values that were assigned since the record was read. */
    function changed(state) {
        const values = {};
        for (const name of Object.keys(state.row || {})) {
            if (state.row[name] !== text(state.original[name])) {
                values[name] = state.row[name];
            }
        }
        return values;
    }

    function condition(state, values) {
        const [field, second, third] = values;
        if (values.length === 1) {
            state.encoded.push(text(field));
            return null;
        }
        const [operator, value] = values.length === 2 ? ['=', second] : [text(second), third];
        return [text(field), operator, Array.isArray(value) ? value.map(text).join(',') : text(value)];
    }

    function add(state, values) {
        const first = condition(state, values);
        const group = first ? [first] : [];
        if (first) {
            state.groups.push(group);
        }
        const made = {
            addOrCondition: (...more) => {
                group.push(condition(state, more));
                return made;
            },
            addCondition: (...more) => add(state, more)
        };
        return made;
    }

    function run(state) {
        state.ids = ask('query', state.table, state.groups, state.encoded, state.order, state.window);
        state.at = -1;
        state.page = new Map();
        show(state, null);
    }

    function next(state) {
        while (state.at + 1 < state.ids.length) {
            state.at += 1;
            const id = state.ids[state.at];
            if (!state.page.has(id)) {
                state.page = new Map(
                    ask('load', state.table, state.ids.slice(state.at, state.at + PAGE)).map((row) => [row.sys_id, row])
                );
            }
            // A row that was deleted meanwhile is passed over.
            if (state.page.has(id)) {
                return show(state, state.page.get(id));
            }
        }
        return false;
    }

    function value(state, name) {
        const column = state.spec.columns[name];
        const found = text(state.row && state.row[name]);
        if (column === undefined || found === '') {
            return null;
        }
        return column.type === 'boolean' ? (found === 'true' ? '1' : '0') : found;
    }

    function removeAll(state) {
        run(state);
        state.ids.forEach((id) => ask('delete', state.table, id));
    }

    function updateAll(state) {
        const values = changed(state);
        run(state);
        state.ids.forEach((id) => ask('update', state.table, id, values));
    }

    function methodsOf(state) {
        const order = (field, descending) => state.order.push([text(field), descending]);
        const methods = {
            addQuery: (...values) => add(state, values),
            addEncodedQuery: (query) => { state.encoded.push(text(query)); },
            addActiveQuery: () => add(state, ['active', 'true']),
            addInactiveQuery: () => add(state, ['active', '!=', 'true']),
            addNullQuery: (field) => add(state, [field, 'ISEMPTY', '']),
            addNotNullQuery: (field) => add(state, [field, 'ISNOTEMPTY', '']),
            orderBy: (field) => { order(field, false); },
            orderByDesc: (field) => { order(field, true); },
            setLimit: (count) => { state.window = [0, Number(count)]; },
            chooseWindow: (first, last) => { state.window = [Number(first), Number(last)]; },
            query: (...values) => { if (values.length > 1) { add(state, values); } run(state); },
            hasNext: () => state.at + 1 < state.ids.length,
            next: () => next(state),
            getRowCount: () => state.ids.length,
            get: (first, second) => {
                const where = second === undefined ? ['sys_id', '=', text(first)] : [text(first), '=', text(second)];
                const ids = ask('query', state.table, [[where]], [], [], [0, 1]);
                return show(state, ids.length ? ask('load', state.table, ids)[0] : null);
            },
            initialize: () => { begin(state); },
            newRecord: () => { begin(state); state.row.sys_id = gs.generateGUID(); },
            isNewRecord: () => state.isNew,
            isValid: () => describe(state.table) !== null,
            isValidRecord: () => state.row !== null && !state.isNew,
            isValidField: (name) => Object.hasOwn(state.spec.columns, text(name)),
            getValue: (name) => value(state, text(name)),
            setValue: (name, next_) => { store(state, text(name), next_); },
            getElement: (name) => (methods.isValidField(name) ? element(state, text(name)) : null),
            getDisplayValue: (name) => {
                const field = name === undefined ? state.spec.display : text(name);
                return methods.isValidField(field) ? element(state, field).getDisplayValue() : null;
            },
            getUniqueValue: () => value(state, 'sys_id'),
            getTableName: () => state.table,
            getRecordClassName: () => value(state, 'sys_class_name') || state.table,
            insert: () => {
                show(state, ask('insert', state.table, state.row || {}));
                return value(state, 'sys_id');
            },
            update: () => {
                if (state.row === null || state.isNew) {
                    return state.row === null ? null : methods.insert();
                }
                return show(state, ask('update', state.table, state.row.sys_id, changed(state)))
                    ? value(state, 'sys_id') : null;
            },
            updateMultiple: () => { updateAll(state); },
            deleteRecord: () => state.row !== null && ask('delete', state.table, text(state.row.sys_id)),
            deleteMultiple: () => { removeAll(state); },
            setWorkflow: () => {},
            autoSysFields: () => {},
            toString: () => state.table
        };
        if (state.table === 'sc_req_item') {
            methods.variables = new Proxy({}, {
                get: (_, name) => (typeof name === 'symbol'
                    ? undefined : ask('variable', text(state.row && state.row.sys_id), name))
            });
        }
        return methods;
    }

    function GlideRecord(name) {
        const table = text(name);
        const state = {
            table: table,
            spec: describe(table) || {columns: {}, display: ''},
            groups: [], encoded: [], order: [], window: null,
            ids: [], at: -1, page: new Map(), row: null, original: null, isNew: false
        };
        const methods = Object.assign(Object.create(GlideRecord.prototype), methodsOf(state));
        return new Proxy(methods, {
            get: (target, key) => {
                if (key in target || typeof key === 'symbol') {
                    return target[key];
                }
                return Object.hasOwn(state.spec.columns, key) ? element(state, key) : undefined;
            },
            set: (target, key, next_) => {
                if (!(key in target)) {
                    store(state, key, next_);
                }
                return true;
            }
        });
    }

    // -- the catalogue -----------------------------------------------------------

    const lineOf = (item) => [
        text(item && item.sysparm_id), text((item && item.sysparm_quantity) || '1'), texts(item && item.variables)
    ];

    class CartJS {
        #name;

        constructor(name) {
            this.#name = text(name) || 'DEFAULT';
        }

        orderNow(item) {
            return ask('order_now', this.#name, ...lineOf(item));
        }

        addToCart(item) {
            ask('cart_add', this.#name, ...lineOf(item));
            return this.getCartDetails();
        }

        getCartDetails() {
            return ask('cart_details', this.#name);
        }

        getCartID() {
            return ask('cart_id', this.#name);
        }

        checkoutCart() {
            return ask('cart_checkout', this.#name);
        }

        submitOrder() {
            return ask('cart_checkout', this.#name);
        }

        empty() {
            ask('cart_empty', this.#name);
        }
    }

    class Cart {
        #name;

        constructor(name) {
            this.#name = text(name) || 'DEFAULT';
        }

        addItem(item, quantity) {
            return ask('cart_add', this.#name, text(item), text(quantity || '1'), {});
        }

        setVariable(line, name, next_) {
            ask('cart_variable', text(line), text(name), text(next_));
        }

        placeOrder() {
            const order = ask('cart_checkout', this.#name);
            const request = new GlideRecord('sc_request');
            return order && request.get(order.request_id) ? request : null;
        }

        clearCart() {
            ask('cart_empty', this.#name);
        }

        deleteCart() {
            ask('cart_empty', this.#name);
        }
    }

    // -- the system ----------------------------------------------------------------

    const fill = (message, values) => text(message).replace(/\{(\d+)\}/g, (whole, index) => {
        const given = Array.isArray(values[0]) ? values[0] : values;
        return index in given ? text(given[index]) : whole;
    });
    const log = (level) => (message, ...values) => { ask('log', level, fill(message, values)); };
    const nil = (given) => text(given) === '';
    const user = {
        getID: () => call.user.id,
        getName: () => call.user.name,
        hasRole: (role) => gs.hasRole(role)
    };
    const gs = {
        info: log('0'), log: log('0'), print: log('0'), warn: log('1'), error: log('2'), debug: log('-1'),
        nil: nil,
        getUserID: () => call.user.id,
        getUserName: () => call.user.name,
        getUser: () => user,
        hasRole: (roles) => text(roles).split(',').some(
            (role) => call.user.roles.includes('admin') || call.user.roles.includes(role.trim())
        ),
        getProperty: (name, otherwise) => {
            const found = ask('property', text(name));
            return found === null ? (otherwise === undefined ? null : otherwise) : found;
        },
        generateGUID: () => ask('guid'),
        now: () => ask('now').substring(0, 10),
        nowDateTime: () => ask('now'),
        addErrorMessage: () => {},
        addInfoMessage: () => {},
        isLoggedIn: () => true,
        isInteractive: () => false
    };

    class GlideDateTime {
        #time;

        constructor(given) {
            this.#time = new Date((given === undefined ? ask('now') : text(given)).replace(' ', 'T') + 'Z').getTime();
        }

        getValue() {
            return new Date(this.#time).toISOString().substring(0, 19).replace('T', ' ');
        }

        getDisplayValue() {
            return this.getValue();
        }

        toString() {
            return this.getValue();
        }

        getNumericValue() {
            return this.#time;
        }

        addSeconds(count) {
            this.#time += Number(count) * 1000;
        }

        addDaysUTC(count) {
            this.addSeconds(Number(count) * 86400);
        }

        compareTo(other) {
            return Math.sign(this.#time - other.getNumericValue());
        }

        before(other) {
            return this.compareTo(other) < 0;
        }

        after(other) {
            return this.compareTo(other) > 0;
        }
    }

    // -- XML ---------------------------------------------------------------------------

    const escape = (given) => text(given)
        .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '')
        .replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

    class XmlElement {
        constructor(name, content, attributes) {
            this.name = name;
            this.content = content;
            this.attributes = attributes || {};
            this.children = [];
        }

        getNodeName() {
            return this.name;
        }

        toString() {
            const attributes = Object.keys(this.attributes).map((n) => ` ${n}="${escape(this.attributes[n])}"`).join('');
            return `<${this.name}${attributes}>${escape(this.content)}${this.children.join('')}</${this.name}>`;
        }
    }

    const grown = ([name, content, attributes, children]) => {
        const made = new XmlElement(name, content, attributes);
        made.children = children.map(grown);
        return made;
    };

    class XMLDocument {
        #root;
        #current;

        constructor(source) {
            this.#root = this.#current = grown(ask('xml', text(source)));
        }

        createElement(name, content) {
            const made = new XmlElement(text(name), text(content));
            this.#current.children.push(made);
            return made;
        }

        setCurrent(given) {
            this.#current = given;
        }

        setAttribute(name, content) {
            this.#current.attributes[text(name)] = text(content);
        }

        getDocumentElement() {
            return this.#root;
        }

        toString() {
            return String(this.#root);
        }
    }

    // -- what a script sees ----------------------------------------------------------------

    const response = {};
    const globals = {
        request: call.inputs,
        response: response,
        soapRequestXML: call.envelope,
        GlideRecord: GlideRecord,
        GlideDateTime: GlideDateTime,
        GlideGuid: {generate: () => gs.generateGUID()},
        GlideStringUtil: {nil: nil, notNil: (given) => !nil(given), escapeHTML: escape},
        XMLDocument: XMLDocument,
        Cart: Cart,
        sn_sc: {CartJS: CartJS},
        gs: gs
    };
    for (const name of Object.keys(globals)) {
        Object.defineProperty(globalThis, name, {value: globals[name], writable: true, configurable: true});
    }
    Object.defineProperty(globalThis, 'soapRequestDocument', {
        get: () => new XMLDocument(call.envelope), configurable: true
    });

    /** What the script set, in its order. */
    return () => {
        if (response.soapResponseElement !== undefined) {
            return JSON.stringify({element: text(response.soapResponseElement)});
        }
        return JSON.stringify({pairs: Object.keys(response).map((name) => [name, text(response[name])])});
    };
})
