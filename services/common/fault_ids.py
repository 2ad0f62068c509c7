"""Identifiers of everything that can go wrong, each with what the program has to know to react to it.

The value of a member is its identifier in JSON, logs, the published fault catalog and stored check reports: it never
changes. Texts (cause, remedy) stand where a problem is made: `services.servicenow.faults` for calls to an instance,
`services.connectivity.fault_catalog` for the check, and beside the code for everything else.
"""

from enum import Flag, StrEnum, auto
from typing import Self


class Concern(StrEnum):
    """What a fault is about."""

    CONSOLE = "this console"
    """Its settings, its input, the store, the vault or a file."""
    NETWORK = "network"
    INSTANCE = "instance"
    ACCOUNT = "account"
    """The account that signs in: its password, its roles or its limits."""
    SERVICE = "scripted service"
    RECORD = "record"
    """One record or one request."""


class Execution(StrEnum):
    """What a call that ended with a fault may have done on the instance."""

    NOT_EXECUTED = "not executed"
    """It was certainly not executed: it was not sent, or turned away before anything ran."""
    FINISHED = "finished"
    """The instance answered: whatever the call did can be seen now, or never. It may have done something all the same: a
    guest's call is executed, and a script can meet a missing right after its first change."""
    UNKNOWN = "unknown"
    """It may have been executed, or may still be running; or the fault is not about a call."""


class FaultTrait(Flag):
    """Further properties of a fault that the program acts on."""

    NONE = 0
    ANY_CALL = auto()
    """Any call can end with it, whatever it requests."""
    PAUSES_CALLS = auto()
    """Other calls to the same instance would most likely end the same way: they wait."""
    MAY_LOCK_ACCOUNT = auto()
    """Repeating the call may lock the account."""
    ACCESS_DENIED = auto()
    """This account may not read or change something; it may also not exist."""
    ROWS_HIDDEN = auto()
    """The instance left out what this account may not read, or returned other rows instead."""
    TABLE_UNREADABLE = auto()
    """This account cannot read the table at all, or not as requested."""
    SIGNED_IN = auto()
    """The instance answers so only to an account that it has let in."""
    SMALLER_PAGE_HELPS = auto()
    """A request for fewer rows may succeed."""


_CONSOLE, _NETWORK, _INSTANCE = Concern.CONSOLE, Concern.NETWORK, Concern.INSTANCE
_ACCOUNT, _SERVICE, _RECORD = Concern.ACCOUNT, Concern.SERVICE, Concern.RECORD
_NOT_EXECUTED, _FINISHED, _UNKNOWN = Execution.NOT_EXECUTED, Execution.FINISHED, Execution.UNKNOWN
_ANY_CALL, _PAUSES = FaultTrait.ANY_CALL, FaultTrait.PAUSES_CALLS
_DENIED = FaultTrait.ACCESS_DENIED | FaultTrait.ROWS_HIDDEN | FaultTrait.SIGNED_IN


class FaultId(StrEnum):
    """A kind of failure. `concerns`, `execution` and `traits` are what decisions depend on."""

    concerns: Concern
    execution: Execution
    traits: FaultTrait

    def __new__(
        cls,
        value: str,
        concerns: Concern,
        execution: Execution = Execution.UNKNOWN,
        traits: FaultTrait = FaultTrait.NONE,
    ) -> Self:
        """Make a member with its identifier and its properties."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.concerns = concerns
        member.execution = execution
        member.traits = traits
        return member

    # -- A call to an instance
    URL_INVALID = ("url-invalid", _CONSOLE, _NOT_EXECUTED, _PAUSES)
    DNS_UNKNOWN_HOST = ("dns-unknown-host", _NETWORK, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    TCP_REFUSED = ("tcp-refused", _NETWORK, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    TCP_TIMEOUT = ("tcp-timeout", _NETWORK, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    TLS_CERTIFICATE_EXPIRED = ("tls-certificate-expired", _INSTANCE, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    TLS_WRONG_HOST = ("tls-wrong-host", _INSTANCE, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    TLS_UNTRUSTED = ("tls-untrusted", _NETWORK, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    TLS_FAILED = ("tls-failed", _NETWORK, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    PROXY_FAILED = ("proxy-failed", _NETWORK, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    PROXY_SIGN_IN = ("proxy-sign-in", _NETWORK, _NOT_EXECUTED, _PAUSES)
    PROXY_SIGN_IN_REFUSED = ("proxy-sign-in-refused", _NETWORK, _NOT_EXECUTED, _PAUSES)
    PROXY_SIGN_IN_UNSUPPORTED = ("proxy-sign-in-unsupported", _NETWORK, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    CONNECTION_LOST = ("connection-lost", _NETWORK, _UNKNOWN, _ANY_CALL | _PAUSES)
    TIMEOUT = ("timeout", _INSTANCE, _UNKNOWN, _ANY_CALL | _PAUSES | FaultTrait.SMALLER_PAGE_HELPS)
    INSTANCE_HIBERNATING = ("instance-hibernating", _INSTANCE, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    INSTANCE_MAINTENANCE = ("instance-maintenance", _INSTANCE, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    LOGIN_PAGE = ("login-page", _ACCOUNT, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    HTML_INSTEAD_OF_DATA = ("html-instead-of-data", _NETWORK, _UNKNOWN, _ANY_CALL)
    REDIRECT_ELSEWHERE = ("redirect-elsewhere", _INSTANCE, _NOT_EXECUTED, _ANY_CALL)
    AUTHENTICATION_REFUSED = (
        "authentication-refused",
        _ACCOUNT,
        _FINISHED,
        _ANY_CALL | _PAUSES | FaultTrait.MAY_LOCK_ACCOUNT,
    )
    SIGN_IN_UNSUPPORTED = ("sign-in-unsupported", _CONSOLE, _NOT_EXECUTED)
    SIGN_IN_SWITCH_REFUSED = ("sign-in-switch-refused", _CONSOLE, _NOT_EXECUTED)
    SIGN_IN_SWITCH_NOT_FOUND = ("sign-in-switch-not-found", _CONSOLE, _NOT_EXECUTED)
    OAUTH_TOKEN_REFUSED = (
        "oauth-token-refused",
        _ACCOUNT,
        _NOT_EXECUTED,
        _ANY_CALL | _PAUSES | FaultTrait.MAY_LOCK_ACCOUNT,
    )
    OAUTH_CLIENT_UNKNOWN = ("oauth-client-unknown", _ACCOUNT, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    OAUTH_TOKEN_UNAVAILABLE = ("oauth-token-unavailable", _INSTANCE, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    OAUTH_REPLY_UNREADABLE = ("oauth-reply-unreadable", _INSTANCE, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    OAUTH_PRIVATE_KEY_UNUSABLE = ("oauth-private-key-unusable", _CONSOLE, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    OAUTH_TOKEN_REJECTED = ("oauth-token-rejected", _ACCOUNT, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    OAUTH_CLIENT_SCOPED = ("oauth-client-scoped", _ACCOUNT, _NOT_EXECUTED, _ANY_CALL)
    OAUTH_OTHER_ACCOUNT = ("oauth-other-account", _ACCOUNT, _NOT_EXECUTED, _PAUSES)
    OAUTH_TOKEN_GUEST = ("oauth-token-guest", _ACCOUNT, _FINISHED, _ANY_CALL | _PAUSES)
    ACCESS_POLICY_KIND = ("access-policy-kind", _ACCOUNT, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    BASIC_AUTH_NOT_OFFERED = ("basic-auth-not-offered", _ACCOUNT, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    ACCESS_POLICY_REFUSED = ("access-policy-refused", _ACCOUNT, _NOT_EXECUTED, _ANY_CALL)
    RIGHTS_MISSING = (
        "rights-missing",
        _ACCOUNT,
        _FINISHED,
        _ANY_CALL | _DENIED | FaultTrait.TABLE_UNREADABLE,
    )
    RATE_LIMITED = ("rate-limited", _ACCOUNT, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    RECORD_MISSING = ("record-missing", _RECORD, _FINISHED, _DENIED)
    SERVICE_MISSING = ("service-missing", _SERVICE, _NOT_EXECUTED)
    SERVICE_DESCRIPTION_INVALID = ("service-description-invalid", _SERVICE, _NOT_EXECUTED)
    SERVICE_CONTRACT = ("service-contract", _SERVICE, _NOT_EXECUTED)
    SERVICE_INPUT_TYPE = ("service-input-type", _SERVICE, _NOT_EXECUTED)
    SOAP_FAULT = ("soap-fault", _SERVICE, _FINISHED)
    ACCEPTED_ONLY = ("accepted-only", _INSTANCE, _UNKNOWN, _ANY_CALL)
    REPLY_MALFORMED = ("reply-malformed", _INSTANCE, _FINISHED, _ANY_CALL)
    REPLY_DAMAGED = ("reply-damaged", _NETWORK, _FINISHED, _ANY_CALL)
    REPLY_CONTRACT = ("reply-contract", _SERVICE, _FINISHED)
    STATUS_UNKNOWN = ("status-unknown", _SERVICE, _UNKNOWN)
    ANSWER_TOO_LARGE = ("answer-too-large", _INSTANCE, _FINISHED, _ANY_CALL | FaultTrait.SMALLER_PAGE_HELPS)
    TRANSACTION_CANCELLED = (
        "transaction-cancelled",
        _INSTANCE,
        _UNKNOWN,
        _ANY_CALL | FaultTrait.SIGNED_IN | FaultTrait.SMALLER_PAGE_HELPS,
    )
    OPERATION_ABORTED = ("operation-aborted", _RECORD, _FINISHED, _ANY_CALL | _DENIED)
    QUERY_IGNORED = (
        "query-ignored",
        _INSTANCE,
        _UNKNOWN,
        _ANY_CALL | FaultTrait.ROWS_HIDDEN | FaultTrait.SIGNED_IN | FaultTrait.TABLE_UNREADABLE,
    )
    SERVER_ERROR = ("server-error", _INSTANCE, _UNKNOWN, _ANY_CALL | _PAUSES)
    INPUT_UNSENDABLE = ("input-unsendable", _CONSOLE, _NOT_EXECUTED, _ANY_CALL)

    # -- The password for a call
    CREDENTIAL_MISSING = ("credential-missing", _CONSOLE, _NOT_EXECUTED, _PAUSES)
    SECRET_MISSING = ("secret-missing", _CONSOLE, _NOT_EXECUTED, _PAUSES)
    SECRET_NOT_FOR_HOST = ("secret-not-for-host", _CONSOLE, _NOT_EXECUTED, _PAUSES)
    PASSWORD_MASKED = ("password-masked", _CONSOLE, _NOT_EXECUTED, _PAUSES)
    VAULT_UNUSABLE = ("vault-unusable", _CONSOLE, _NOT_EXECUTED, _PAUSES)
    VAULT_READ_ONLY = ("vault-read-only", _CONSOLE)
    PASSWORD_MISSING = ("password-missing", _CONSOLE)

    # -- The probe of a sign-in
    SIGN_IN_ACCOUNT_UNPROVEN = ("sign-in-account-unproven", _ACCOUNT)

    # -- The staged check
    DNS_TIMEOUT = ("dns-timeout", _NETWORK, _NOT_EXECUTED)
    PROXY_INVALID = ("proxy-invalid", _CONSOLE, _NOT_EXECUTED)
    PROXY_UNREACHABLE = ("proxy-unreachable", _NETWORK, _NOT_EXECUTED)
    PROXY_TIMEOUT = ("proxy-timeout", _NETWORK, _NOT_EXECUTED)
    PROXY_REFUSES = ("proxy-refuses", _NETWORK, _NOT_EXECUTED)
    TLS_CERTIFICATE_NOT_YET_VALID = ("tls-certificate-not-yet-valid", _INSTANCE, _NOT_EXECUTED)
    TLS_SELF_SIGNED = ("tls-self-signed", _INSTANCE, _NOT_EXECUTED)
    TLS_INTERCEPTED = ("tls-intercepted", _NETWORK, _NOT_EXECUTED)
    TLS_PROTOCOL_OLD = ("tls-protocol-old", _INSTANCE, _NOT_EXECUTED)
    TLS_NOT_SPOKEN = ("tls-not-spoken", _NETWORK, _NOT_EXECUTED)
    TLS_TIMEOUT = ("tls-timeout", _NETWORK, _NOT_EXECUTED)
    TLS_FILE_UNREADABLE = ("tls-file-unreadable", _CONSOLE, _NOT_EXECUTED)
    TLS_CERTIFICATE_EXPIRES_SOON = ("tls-certificate-expires-soon", _INSTANCE)
    SSO_REDIRECT = ("sso-redirect", _INSTANCE, _NOT_EXECUTED)
    NOT_SERVICENOW = ("not-servicenow", _NETWORK)
    AUTHENTICATION_MFA = ("authentication-mfa", _ACCOUNT, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    OAUTH_TOKEN_SOAP_REFUSED = ("oauth-token-soap-refused", _ACCOUNT, _NOT_EXECUTED)
    OAUTH_PASSWORD_GRANT_ACCOUNT = ("oauth-password-grant-account", _ACCOUNT)
    ACCESS_POLICY_SOAP_REFUSED = ("access-policy-soap-refused", _ACCOUNT, _NOT_EXECUTED)
    BASIC_AUTH_RESTRICTION_TRACKED = ("basic-auth-restriction-tracked", _ACCOUNT)
    BASIC_AUTH_RESTRICTION_ENFORCED = ("basic-auth-restriction-enforced", _ACCOUNT)
    ACCOUNT_INACTIVE = ("account-inactive", _ACCOUNT)
    ACCOUNT_LOCKED = ("account-locked", _ACCOUNT)
    ACCOUNT_INTERACTIVE = ("account-interactive", _ACCOUNT)
    ROLE_ADMIN_LEFT = ("role-admin-left", _ACCOUNT)
    ROLE_MISSING = ("role-missing", _ACCOUNT)
    ROLE_SOAP_MISSING = ("role-soap-missing", _ACCOUNT)
    RATE_LIMIT_LOW = ("rate-limit-low", _ACCOUNT)
    CLOCK_DIFFERS = ("clock-differs", _CONSOLE)
    REQUEST_ITEM_MISSING = ("request-item-missing", _RECORD)
    REQUEST_ITEM_STALE = ("request-item-stale", _RECORD)
    REQUEST_ITEM_INACTIVE = ("request-item-inactive", _RECORD)
    REQUEST_ITEM_CATEGORY_INACTIVE = ("request-item-category-inactive", _RECORD)
    REQUEST_ITEM_CATALOGUE_INACTIVE = ("request-item-catalogue-inactive", _RECORD)
    REQUEST_ITEM_NOT_ORDERABLE = ("request-item-not-orderable", _RECORD)
    REQUEST_ITEM_VARIABLES = ("request-item-variables", _RECORD)
    SERVICE_INACTIVE = ("service-inactive", _SERVICE)
    SERVICE_NAME_DIFFERS = ("service-name-differs", _SERVICE)
    SERVICE_SILENT = ("service-silent", _SERVICE)
    SERVICE_DUPLICATE = ("service-duplicate", _SERVICE)
    SERVICE_SWAPPED = ("service-swapped", _SERVICE)
    WSDL_ADDRESS_ELSEWHERE = ("wsdl-address-elsewhere", _SERVICE)
    STATUS_CALL_NOT_INVALID = ("status-call-not-invalid", _SERVICE)
    STATUS_CALL_SLOW = ("status-call-slow", _SERVICE)
    APPROVAL_FLOW_MISSING = ("approval-flow-missing", _RECORD)
    APPROVAL_FLOW_INACTIVE = ("approval-flow-inactive", _RECORD)
    APPROVERS_MISSING = ("approvers-missing", _RECORD)
    APPROVAL_NOT_REQUESTED = ("approval-not-requested", _RECORD)

    # -- The staged check of a Privilege Manager server
    PRIVILEGE_MANAGER_SERVICENOW_ADDRESS = ("privilege-manager-servicenow-address", _CONSOLE, _NOT_EXECUTED)
    PRIVILEGE_MANAGER_PATH_WRONG = ("privilege-manager-path-wrong", _CONSOLE, _NOT_EXECUTED)
    PRIVILEGE_MANAGER_SITE_MISSING = ("privilege-manager-site-missing", _INSTANCE, _NOT_EXECUTED)
    PRIVILEGE_MANAGER_NOT_RECOGNISED = ("privilege-manager-not-recognised", _NETWORK, _NOT_EXECUTED)
    PRIVILEGE_MANAGER_SETUP_UNFINISHED = ("privilege-manager-setup-unfinished", _INSTANCE, _NOT_EXECUTED)
    PRIVILEGE_MANAGER_LOGIN_REDIRECT = ("privilege-manager-login-redirect", _INSTANCE, _NOT_EXECUTED)
    PRIVILEGE_MANAGER_SSO_REDIRECT = ("privilege-manager-sso-redirect", _INSTANCE, _NOT_EXECUTED)
    PRIVILEGE_MANAGER_WINDOWS_SIGN_IN = ("privilege-manager-windows-sign-in", _INSTANCE, _NOT_EXECUTED)
    PRIVILEGE_MANAGER_ADDRESS_REFUSED = ("privilege-manager-address-refused", _INSTANCE, _NOT_EXECUTED)
    PRIVILEGE_MANAGER_MAINTENANCE = ("privilege-manager-maintenance", _INSTANCE, _NOT_EXECUTED)
    PRIVILEGE_MANAGER_APPLICATION_POOL = ("privilege-manager-application-pool", _INSTANCE, _NOT_EXECUTED)
    PRIVILEGE_MANAGER_SWAGGER_MISSING = ("privilege-manager-swagger-missing", _INSTANCE)
    PRIVILEGE_MANAGER_SWAGGER_REFUSED = ("privilege-manager-swagger-refused", _INSTANCE)
    PRIVILEGE_MANAGER_USER_ACCOUNT = ("privilege-manager-user-account", _ACCOUNT)
    PRIVILEGE_MANAGER_LOG_OFF_FAILED = ("privilege-manager-log-off-failed", _ACCOUNT)
    PRIVILEGE_MANAGER_TOKEN_OUTLIVES_LOG_OFF = ("privilege-manager-token-outlives-log-off", _ACCOUNT)
    PRIVILEGE_MANAGER_READING_REFUSED = ("privilege-manager-reading-refused", _ACCOUNT)
    PRIVILEGE_MANAGER_VERSION_TOO_OLD = ("privilege-manager-version-too-old", _INSTANCE)
    PRIVILEGE_MANAGER_VERSION_LIMITED = ("privilege-manager-version-limited", _INSTANCE)
    PRIVILEGE_MANAGER_VERSION_UNREADABLE = ("privilege-manager-version-unreadable", _INSTANCE)
    PRIVILEGE_MANAGER_SERVER_OPERATIONS_MISSING = ("privilege-manager-server-operations-missing", _INSTANCE)
    PRIVILEGE_MANAGER_OPERATIONS_CHANGED = ("privilege-manager-operations-changed", _INSTANCE)
    PRIVILEGE_MANAGER_ACTION_OPERATIONS_MISSING = ("privilege-manager-action-operations-missing", _INSTANCE)
    PRIVILEGE_MANAGER_POLICY_OPERATIONS_MISSING = ("privilege-manager-policy-operations-missing", _INSTANCE)
    PRIVILEGE_MANAGER_ACTIONS_EMPTY = ("privilege-manager-actions-empty", _ACCOUNT)
    PRIVILEGE_MANAGER_ACTIONS_INCOMPLETE = ("privilege-manager-actions-incomplete", _INSTANCE)
    PRIVILEGE_MANAGER_ACTIONS_WITHOUT_IDS = ("privilege-manager-actions-without-ids", _INSTANCE)
    PRIVILEGE_MANAGER_APPROVAL_ACTIONS_MISSING = ("privilege-manager-approval-actions-missing", _RECORD)
    PRIVILEGE_MANAGER_POLICIES_EMPTY = ("privilege-manager-policies-empty", _INSTANCE)
    PRIVILEGE_MANAGER_POLICIES_HIDDEN = ("privilege-manager-policies-hidden", _ACCOUNT)
    PRIVILEGE_MANAGER_POLICIES_INCOMPLETE = ("privilege-manager-policies-incomplete", _INSTANCE)
    PRIVILEGE_MANAGER_POLICIES_WITHOUT_IDS = ("privilege-manager-policies-without-ids", _INSTANCE)
    PRIVILEGE_MANAGER_POLICY_MEMBERS_MISSING = ("privilege-manager-policy-members-missing", _INSTANCE)

    # -- A request and its record
    APPROVAL_NONE_OPEN = ("approval-none-open", _RECORD)
    APPROVAL_ON_ORDER = ("approval-on-order", _RECORD)
    CANCEL_UNCONFIRMED = ("cancel-unconfirmed", _RECORD)
    COMMENT_UNSENDABLE = ("comment-unsendable", _CONSOLE)
    DECISION_NOT_ALLOWED = ("decision-not-allowed", _ACCOUNT)
    DECISION_NOT_TAKEN = ("decision-not-taken", _RECORD)
    DECISION_UNCLEAR = ("decision-unclear", _RECORD)
    FIELD_TOO_LONG = ("field-too-long", _CONSOLE)
    FIELD_UNKNOWN = ("field-unknown", _CONSOLE)
    FIELD_UNSENDABLE = ("field-unsendable", _CONSOLE)
    LEASE_LOST = ("lease-lost", _CONSOLE)
    ORDER_SHARED = ("order-shared", _RECORD)
    RECORD_AMBIGUOUS = ("record-ambiguous", _RECORD)
    RECORD_FOREIGN = ("record-foreign", _RECORD)
    RECORD_UNPROVEN = ("record-unproven", _RECORD)
    REMINDED_ALREADY = ("reminded-already", _RECORD)
    REQUEST_AMBIGUOUS = ("request-ambiguous", _CONSOLE)
    REQUEST_BUSY = ("request-busy", _RECORD)
    REQUEST_IN_DOUBT = ("request-in-doubt", _RECORD)
    REQUEST_NEVER_RAISED = ("request-never-raised", _RECORD)
    REQUEST_NOT_OPEN = ("request-not-open", _RECORD)

    # -- Provisioning and set-up
    PROVISION_ADMIN_MISSING = ("provision-admin-missing", _ACCOUNT)
    PROVISION_CANNOT_PLAN = ("provision-cannot-plan", _INSTANCE)
    PROVISION_NAME_INVALID = ("provision-name-invalid", _CONSOLE)
    PROVISION_NOT_KEPT = ("provision-not-kept", _RECORD)
    PROVISION_RECEIPT_UNKNOWN = ("provision-receipt-unknown", _CONSOLE)
    PROVISION_TAKEN_OVER = ("provision-taken-over", _CONSOLE)
    PROVISION_UNDO_REFUSED = ("provision-undo-refused", _RECORD)
    REQUEST_ITEM_NOT_FOUND = ("request-item-not-found", _RECORD)
    SERVER_MISSING = ("server-missing", _CONSOLE)
    SETUP_INCOMPLETE = ("setup-incomplete", _CONSOLE)
    TYPE_MISSING = ("type-missing", _CONSOLE)

    # -- Objects and the store
    OBJECT_CONFLICT = ("object-conflict", _CONSOLE)
    OBJECT_IN_USE = ("object-in-use", _CONSOLE)
    OBJECT_INVALID = ("object-invalid", _CONSOLE)
    OBJECT_MISSING = ("object-missing", _CONSOLE)
    REQUESTS_OPEN = ("requests-open", _CONSOLE)
    DOCUMENT_INVALID = ("document-invalid", _CONSOLE)
    AUDIT_BROKEN = ("audit-broken", _CONSOLE)
    STORE_ADDRESS = ("store-address", _CONSOLE)
    STORE_CONTRADICTION = ("store-contradiction", _CONSOLE)
    STORE_DAMAGED = ("store-damaged", _CONSOLE)
    STORE_DISCONNECTED = ("store-disconnected", _CONSOLE)
    STORE_DRIVER_MISSING = ("store-driver-missing", _CONSOLE)
    STORE_EMPTY = ("store-empty", _CONSOLE)
    STORE_FULL = ("store-full", _CONSOLE)
    STORE_GONE = ("store-gone", _CONSOLE)
    STORE_LOCKED = ("store-locked", _CONSOLE)
    STORE_MISSING = ("store-missing", _CONSOLE)
    STORE_NOT_READY = ("store-not-ready", _CONSOLE)
    STORE_NOT_WRITABLE = ("store-not-writable", _CONSOLE)
    STORE_SIGN_IN = ("store-sign-in", _CONSOLE)
    STORE_SILENT = ("store-silent", _CONSOLE)
    STORE_SLOW = ("store-slow", _CONSOLE)
    STORE_TOO_NEW = ("store-too-new", _CONSOLE)
    STORE_UNREACHABLE = ("store-unreachable", _CONSOLE)
    STORE_UNREADABLE = ("store-unreadable", _CONSOLE)
    STORE_UNUSABLE = ("store-unusable", _CONSOLE)

    # -- A call to Privilege Manager
    PRIVILEGE_MANAGER_LOG_ON_REFUSED = (
        "privilege-manager-log-on-refused",
        _ACCOUNT,
        _NOT_EXECUTED,
        _PAUSES | FaultTrait.MAY_LOCK_ACCOUNT,
    )
    PRIVILEGE_MANAGER_LOG_ON_REPLY = ("privilege-manager-log-on-reply", _INSTANCE, _NOT_EXECUTED, _PAUSES)
    PRIVILEGE_MANAGER_API_UNAVAILABLE = (
        "privilege-manager-api-unavailable",
        _INSTANCE,
        _NOT_EXECUTED,
        _PAUSES,
    )
    PRIVILEGE_MANAGER_TOKEN_REFUSED = ("privilege-manager-token-refused", _ACCOUNT, _NOT_EXECUTED, _PAUSES)
    PRIVILEGE_MANAGER_FORBIDDEN = ("privilege-manager-forbidden", _ACCOUNT, _FINISHED, _DENIED)
    PRIVILEGE_MANAGER_NOT_FOUND = ("privilege-manager-not-found", _RECORD, _FINISHED, _DENIED)
    PRIVILEGE_MANAGER_CALL_REFUSED = ("privilege-manager-call-refused", _RECORD, _FINISHED)
    PRIVILEGE_MANAGER_STATUS_ERROR = ("privilege-manager-status-error", _RECORD, _FINISHED)
    PRIVILEGE_MANAGER_SERVER_ERROR = ("privilege-manager-server-error", _INSTANCE, _UNKNOWN, _PAUSES)
    PRIVILEGE_MANAGER_SWAGGER_UNREADABLE = ("privilege-manager-swagger-unreadable", _INSTANCE, _NOT_EXECUTED)
    PRIVILEGE_MANAGER_OPERATION_MISSING = ("privilege-manager-operation-missing", _INSTANCE, _NOT_EXECUTED)
    PRIVILEGE_MANAGER_REPLY_MALFORMED = ("privilege-manager-reply-malformed", _INSTANCE, _FINISHED)
    PRIVILEGE_MANAGER_REPORT_UNREADABLE = ("privilege-manager-report-unreadable", _INSTANCE, _FINISHED)
    PRIVILEGE_MANAGER_POLICY_ID_MISSING = ("privilege-manager-policy-id-missing", _INSTANCE, _FINISHED)
    PRIVILEGE_MANAGER_LIST_INCOMPLETE = ("privilege-manager-list-incomplete", _INSTANCE, _FINISHED, _DENIED)

    # -- This program, its files and its server
    CALL_INVALID = ("call-invalid", _CONSOLE)
    CONSOLE_FAULT = ("console-fault", _CONSOLE)
    FAULT_UNKNOWN = ("fault-unknown", _CONSOLE)
    FILE_NOT_WRITTEN = ("file-not-written", _CONSOLE)
    FILE_UNUSABLE = ("file-unusable", _CONSOLE)
    FOLDER_UNUSABLE = ("folder-unusable", _CONSOLE)
    IDEMPOTENCY_KEY_REUSED = ("idempotency-key-reused", _CONSOLE)
    INTAKE_NOT_READY = ("intake-not-ready", _CONSOLE)
    INTAKE_PORT_TAKEN = ("intake-port-taken", _CONSOLE)
    INTAKE_UNENCRYPTED = ("intake-unencrypted", _CONSOLE)
    OUTPUT_UNWRITABLE = ("output-unwritable", _CONSOLE)
    PORT_UNUSABLE = ("port-unusable", _CONSOLE)
    UNEXPECTED_ERROR = ("unexpected-error", _CONSOLE)

    # -- Answers on their way back
    DELIVERY_ADDRESS_INVALID = ("delivery-address-invalid", _CONSOLE, _NOT_EXECUTED)
    DELIVERY_BUSY = ("delivery-busy", _INSTANCE, _NOT_EXECUTED)
    DELIVERY_CLIENT_REMOVED = ("delivery-client-removed", _CONSOLE, _NOT_EXECUTED)
    DELIVERY_DENIAL_UNSUPPORTED = ("delivery-denial-unsupported", _INSTANCE, _NOT_EXECUTED)
    DELIVERY_DURATION_INVALID = ("delivery-duration-invalid", _CONSOLE, _NOT_EXECUTED)
    DELIVERY_MAPPING_INVALID = ("delivery-mapping-invalid", _CONSOLE, _NOT_EXECUTED)
    DELIVERY_MAPPING_UNCONFIRMED = ("delivery-mapping-unconfirmed", _CONSOLE, _NOT_EXECUTED)
    DELIVERY_OUTCOME_UNKNOWN = ("delivery-outcome-unknown", _INSTANCE)
    DELIVERY_PROXY_INVALID = ("delivery-proxy-invalid", _CONSOLE)
    DELIVERY_PROPERTY_UNMAPPED = ("delivery-property-unmapped", _CONSOLE, _NOT_EXECUTED)
    DELIVERY_REDIRECTED = ("delivery-redirected", _INSTANCE, _NOT_EXECUTED)
    DELIVERY_REFUSED = ("delivery-refused", _INSTANCE, _FINISHED)
    DELIVERY_SCHEMA_CHANGED = ("delivery-schema-changed", _INSTANCE, _NOT_EXECUTED)
    DELIVERY_SCHEMA_UNUSABLE = ("delivery-schema-unusable", _INSTANCE, _NOT_EXECUTED)
    DELIVERY_SERVER_ERROR = ("delivery-server-error", _INSTANCE)
    DELIVERY_SERVER_REMOVED = ("delivery-server-removed", _CONSOLE, _NOT_EXECUTED)

    # -- Exported items of Privilege Manager and copies of them
    ACTION_EXPORT_ARCHIVE = ("action-export-archive", _CONSOLE)
    ACTION_EXPORT_DTD = ("action-export-dtd", _CONSOLE)
    ACTION_EXPORT_ENCODING = ("action-export-encoding", _CONSOLE)
    ACTION_EXPORT_MEMBER_FORM = ("action-export-member-form", _CONSOLE)
    ACTION_EXPORT_MEMBER_MISSING = ("action-export-member-missing", _CONSOLE)
    ACTION_EXPORT_MEMBER_TWICE = ("action-export-member-twice", _CONSOLE)
    ACTION_EXPORT_NO_ITEM = ("action-export-no-item", _CONSOLE)
    ACTION_EXPORT_NOT_APPROVAL_ACTION = ("action-export-not-approval-action", _CONSOLE)
    ACTION_EXPORT_NOT_WELL_FORMED = ("action-export-not-well-formed", _CONSOLE)
    ACTION_EXPORT_SEVERAL_ACTIONS = ("action-export-several-actions", _CONSOLE)
    ACTION_EXPORT_TOO_LARGE = ("action-export-too-large", _CONSOLE)
    ACTION_EXPORT_WINDOW_NOT_WELL_FORMED = ("action-export-window-not-well-formed", _CONSOLE)
    ACTION_COPY_ID_BUILT_IN = ("action-copy-id-built-in", _CONSOLE)
    ACTION_COPY_NOT_EDITABLE = ("action-copy-not-editable", _CONSOLE)
    ACTION_COPY_NOT_VERIFIED = ("action-copy-not-verified", _CONSOLE)
    ACTION_COPY_TEXT_UNKNOWN = ("action-copy-text-unknown", _CONSOLE)
    ACTION_COPY_VALUE_INVALID = ("action-copy-value-invalid", _CONSOLE)

    # -- Plans for policies of Privilege Manager, and endpoints
    POLICY_NOT_CREATED = ("policy-not-created", _RECORD)
    POLICY_RUN_BUSY = ("policy-run-busy", _CONSOLE)
    POLICY_RUN_ELSEWHERE = ("policy-run-elsewhere", _CONSOLE)
    POLICY_RUN_UNKNOWN = ("policy-run-unknown", _CONSOLE)
    POLICY_TARGETING_TASK_UNKNOWN = ("policy-targeting-task-unknown", _CONSOLE)

    # -- Actions on their way into Privilege Manager, and the window that endpoints show
    ACTION_EXPORT_MISSING = ("action-export-missing", _CONSOLE)
    ACTION_TYPE_ID_MISSING = ("action-type-id-missing", _CONSOLE)
    ACTION_FILE_UNREADABLE = ("action-file-unreadable", _CONSOLE)
    ACTION_FILE_UNWRITABLE = ("action-file-unwritable", _CONSOLE)
    ACTION_ROUTE_INCOMPLETE = ("action-route-incomplete", _CONSOLE)

    # -- Rows that an account cannot see
    REQUEST_ITEM_HIDDEN = ("request-item-hidden", _ACCOUNT)
    REQUEST_ITEM_UNSEEN = ("request-item-unseen", _ACCOUNT)

    # -- Client certificates
    CERTIFICATE_FILE_UNREADABLE = (
        "certificate-file-unreadable",
        _CONSOLE,
        _NOT_EXECUTED,
        _ANY_CALL | _PAUSES,
    )
    CERTIFICATE_PASSPHRASE_MISSING = (
        "certificate-passphrase-missing",
        _CONSOLE,
        _NOT_EXECUTED,
        _ANY_CALL | _PAUSES,
    )
    CERTIFICATE_PASSPHRASE_WRONG = (
        "certificate-passphrase-wrong",
        _CONSOLE,
        _NOT_EXECUTED,
        _ANY_CALL | _PAUSES,
    )
    CERTIFICATE_KEY_MISSING = ("certificate-key-missing", _CONSOLE, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    CERTIFICATE_KEY_MISMATCH = ("certificate-key-mismatch", _CONSOLE, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    CERTIFICATE_EXPIRED = ("certificate-expired", _CONSOLE, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    CERTIFICATE_NOT_YET_VALID = ("certificate-not-yet-valid", _CONSOLE, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    CERTIFICATE_REQUIRED = ("certificate-required", _CONSOLE, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    CERTIFICATE_REJECTED = ("certificate-rejected", _ACCOUNT, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    CERTIFICATE_NOT_CHOSEN = ("certificate-not-chosen", _CONSOLE, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    CERTIFICATE_OF_OTHER_CREDENTIAL = ("certificate-of-other-credential", _CONSOLE, _NOT_EXECUTED)
    CERTIFICATE_OTHER_ACCOUNT = ("certificate-other-account", _ACCOUNT, _NOT_EXECUTED, _PAUSES)
    CERTIFICATE_UNTRUSTED = ("certificate-untrusted", _ACCOUNT, _NOT_EXECUTED, _ANY_CALL | _PAUSES)
    CERTIFICATE_WRONG_PURPOSE = ("certificate-wrong-purpose", _ACCOUNT, _NOT_EXECUTED, _PAUSES)
    CERTIFICATE_REFUSED = ("certificate-refused", _ACCOUNT, _FINISHED, _ANY_CALL | _PAUSES)
    CERTIFICATE_NOT_REQUESTED = ("certificate-not-requested", _ACCOUNT, _NOT_EXECUTED, _PAUSES)
    CERTIFICATE_NOT_MAPPED = ("certificate-not-mapped", _ACCOUNT, _NOT_EXECUTED, _PAUSES)
    CERTIFICATE_INTERCEPTED = ("certificate-intercepted", _NETWORK, _NOT_EXECUTED, _PAUSES)
    CERTIFICATE_BALANCER_UNSUPPORTED = (
        "certificate-balancer-unsupported",
        _INSTANCE,
        _NOT_EXECUTED,
        _PAUSES,
    )

    # -- The approval chain
    CHAIN_POLICY_MISSING = ("chain-policy-missing", _RECORD)
    CHAIN_POLICY_NONE = ("chain-policy-none", _RECORD)
    CHAIN_POLICY_INACTIVE = ("chain-policy-inactive", _RECORD)
    CHAIN_POLICY_NO_TARGETS = ("chain-policy-no-targets", _RECORD)
    CHAIN_POLICY_NO_EVENTS = ("chain-policy-no-events", _RECORD)
    CHAIN_POLICY_UNKNOWN = ("chain-policy-unknown", _RECORD)
    CHAIN_PRIVILEGE_MANAGER_MISSING = ("chain-privilege-manager-missing", _CONSOLE)
    CHAIN_ACTION_NONE = ("chain-action-none", _CONSOLE)
    CHAIN_ACTION_MISSING = ("chain-action-missing", _RECORD)
    CHAIN_ACTION_NOT_IN_POLICY = ("chain-action-not-in-policy", _RECORD)
    CHAIN_ACTION_UNKNOWN = ("chain-action-unknown", _RECORD)
    CHAIN_APPROVAL_TYPE_NONE = ("chain-approval-type-none", _CONSOLE)
    CHAIN_APPROVAL_TYPE_DIFFERS = ("chain-approval-type-differs", _RECORD)
    CHAIN_APPROVAL_TYPE_UNKNOWN = ("chain-approval-type-unknown", _RECORD)
    CHAIN_PROCESS_MISSING = ("chain-process-missing", _CONSOLE)
    CHAIN_SERVER_MISSING = ("chain-server-missing", _CONSOLE)
    CHAIN_REQUEST_ITEM_UNKNOWN = ("chain-request-item-unknown", _RECORD)
    CHAIN_APPROVERS_UNKNOWN = ("chain-approvers-unknown", _RECORD)

    @classmethod
    def parse(cls, text: str) -> "FaultId | None":
        """Return the member with the identifier `text`, or None: stored reports may carry ids of other versions."""
        return cls._by_text().get(text)

    @classmethod
    def _by_text(cls) -> "dict[str, FaultId]":
        return {member.value: member for member in cls}
