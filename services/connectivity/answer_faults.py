"""What can go wrong with an answer on its way back: id, cause, owner, remedy; also as entries of the fault catalog.

Answers are sent by `services.answers`; the words stand here, so that the catalog has them without it.
"""

from models.translation_marks import tr_later
from services.common.errors import InputError, Owner, RefusedError, ReplyError, UnreachableError
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import declare_faults, table_fault
from services.transport.faults import Fault, FaultTable, RateLimitedError, transport_faults

_F = Fault
_ME, _PM, _NET = Owner.CONSOLE, Owner.PRIVILEGE_MANAGER, Owner.NETWORK

DELIVERY_FAULTS = FaultTable(
    (
        *transport_faults(_NET),
        _F(FaultId.URL_INVALID, tr_later("The address cannot be called."), _ME,
           tr_later("Correct the address of the webhook: intake answer NAME --answer webhook:URL."), RefusedError),
        _F(FaultId.TIMEOUT, tr_later("The receiver did not answer in time."), _NET,
           tr_later("Nothing: the answer is sent again with the same id. If it repeats, see what the receiver waits for."),
           UnreachableError),
        _F(FaultId.REDIRECT_ELSEWHERE, tr_later("The receiver answers with a redirect."), _ME,
           tr_later("Enter the final address of the receiver."), RefusedError),
        _F(FaultId.REPLY_DAMAGED, tr_later("The reply of the receiver cannot be decoded."), _NET,
           tr_later("See what stands between this machine and the receiver."), ReplyError),
        _F(FaultId.DELIVERY_ADDRESS_INVALID, tr_later("Answers are sent over https, or over http to this machine only."), _ME,
           tr_later("Enter an address such as https://pm.example.com/answers, without account and password in it."), InputError),
        _F(FaultId.DELIVERY_BUSY, tr_later("The receiver asks to be called later."), _NET,
           tr_later("Nothing: the answer is sent again by itself."), RateLimitedError),
        _F(FaultId.DELIVERY_CLIENT_REMOVED, tr_later("The intake client of the request was removed, or gets no answers any more."), _ME,
           tr_later("Add the client again if its program still waits for answers; this one stays undelivered."), RefusedError),
        _F(FaultId.DELIVERY_DENIAL_UNSUPPORTED,
           tr_later("The approval operation of this Privilege Manager can approve only; a denial cannot be sent."), _PM,
           tr_later("Deny the request in Privilege Manager under Manage Approvals, or let it time out there."), RefusedError),
        _F(FaultId.DELIVERY_DURATION_INVALID, tr_later("A duration such as 30m, 1h or 2d was expected."), _ME,
           tr_later("Enter the duration again, or leave it out for one time."), InputError),
        _F(FaultId.DELIVERY_MAPPING_INVALID, tr_later("The mapping does not fit the approval operation of the server."), _ME,
           tr_later("Correct the mapping and confirm it."), InputError),
        _F(FaultId.DELIVERY_MAPPING_UNCONFIRMED, tr_later("Nobody has confirmed yet what is filled into the approval operation."), _ME,
           tr_later("Look at the proposed mapping and confirm it: intake answer NAME --confirm."), RefusedError),
        _F(FaultId.DELIVERY_OUTCOME_UNKNOWN,
           tr_later("An earlier try ended without a reply, and the repetition is refused: the receiver may have the answer already."),
           _ME, tr_later("See at the receiver whether it has the answer; if not, correct what the evidence says and retry the delivery."),
           RefusedError),
        _F(FaultId.DELIVERY_PROPERTY_UNMAPPED, tr_later("The approval operation requires a value that the mapping does not have."), _ME,
           tr_later("Add the property to the mapping and confirm it."), RefusedError),
        _F(FaultId.DELIVERY_PROXY_INVALID, tr_later("A proxy is written as http://HOST:PORT, without account and password in it."), _ME,
           tr_later("Enter the proxy of the webhook again, or leave it out for the direct way."), InputError),
        _F(FaultId.DELIVERY_REDIRECTED, tr_later("The receiver answers with a redirect, which is not followed."), _ME,
           tr_later("Enter the final address of the receiver."), RefusedError),
        _F(FaultId.DELIVERY_REFUSED, tr_later("The receiver refuses the answer."), _ME,
           tr_later("See in the evidence why, correct it there or here, then retry the delivery."), RefusedError),
        _F(FaultId.DELIVERY_SCHEMA_CHANGED, tr_later("The approval operation of the server has changed since the mapping was confirmed."), _PM,
           tr_later("Look at the mapping again and confirm it: intake answer NAME --confirm."), RefusedError),
        _F(FaultId.DELIVERY_SCHEMA_UNUSABLE, tr_later("The server describes its approval operation in a way that cannot be filled in."), _PM,
           tr_later("Use a webhook for the answers instead."), RefusedError),
        _F(FaultId.DELIVERY_SERVER_ERROR, tr_later("The receiver met an error of its own."), _NET,
           tr_later("Nothing: the answer is sent again by itself. If it repeats, see the log of the receiver."), UnreachableError),
        _F(FaultId.DELIVERY_SERVER_REMOVED, tr_later("The Privilege Manager server of the client was deleted."), _ME,
           tr_later("Name another server for the answers of the client, then retry the delivery."), RefusedError),
    )
)  # fmt: skip

PERMANENT_FAULTS = frozenset(
    {
        FaultId.DELIVERY_ADDRESS_INVALID,
        FaultId.DELIVERY_CLIENT_REMOVED,
        FaultId.DELIVERY_DENIAL_UNSUPPORTED,
        FaultId.DELIVERY_REDIRECTED,
        FaultId.DELIVERY_REFUSED,
        FaultId.DELIVERY_SERVER_REMOVED,
    }
)
"""Sending again would end the same way."""
STAGE = "answer"
SYMPTOM = tr_later("The decision does not get back to the program that asked.")
SYMPTOM_OF_INPUT = tr_later("An intake client is not added or changed, or its mapping is not confirmed.")
SOURCE = tr_later("How this console sends answers back; brought about so by its tests")
ID_PREFIX = "delivery-"

declare_faults(
    *(
        table_fault(
            DELIVERY_FAULTS,
            fault_id,
            STAGE,
            SYMPTOM_OF_INPUT if DELIVERY_FAULTS[fault_id].error is InputError else SYMPTOM,
            SOURCE,
        )
        for fault_id in sorted(one for one in DELIVERY_FAULTS if one.startswith(ID_PREFIX))
    )
)
