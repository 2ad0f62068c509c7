"""Faults of the sign-in with a client certificate that only an instance, or the load balancer in front of it, can answer with.

Where a refusal has several causes that look alike from outside, the remedy lists them, the likeliest first, each with
where to look.
"""

from models.translation_marks import tr_later
from services.common.errors import Owner, RefusedError
from services.common.fault_ids import FaultId
from services.transport.faults import Fault

_F = Fault
_SN, _NET, _ME = Owner.SERVICENOW, Owner.NETWORK, Owner.CONSOLE

CERTIFICATE_FAULTS = (
    _F(FaultId.CERTIFICATE_NOT_CHOSEN, tr_later("The User Credential signs in with a client certificate, and its Foreign System has none, or is not reached with TLS; nothing was sent."),
       _ME, tr_later("Name the file of the client certificate on the Foreign System; its base URL begins with https://."), RefusedError),
    _F(FaultId.CERTIFICATE_OTHER_ACCOUNT, tr_later("The client certificate signs in another user than the User Credential names."), _SN,
       tr_later("Map the certificate to the account of the User Credential in User to Certificate Mapping; or enter the name of the "
       "mapped user as the account."), RefusedError),
    _F(FaultId.CERTIFICATE_UNTRUSTED, tr_later("The load balancer of the instance refuses the client certificate, and does not say why. By its file it is valid "
       "now, and meant for clients."), _SN,
       tr_later("Look, the likeliest first, at System Security: whether the CA that made it was uploaded as CA Cert (an Intermediate "
       "Cert stays on the instance and is not enough); whether its copy to the load balancer is finished; whether it is a public CA, as "
       "internal roots may be refused; and at the clock of this machine. Owner: who has the role sso_config_admin."), RefusedError),
    _F(FaultId.CERTIFICATE_WRONG_PURPOSE, tr_later("The load balancer of the instance refuses the client certificate, which is not meant for clients: "
       "its extended key usage has no client authentication."), _ME,
       tr_later("Have the certificate made anew with the extended key usage Client Authentication (1.3.6.1.5.5.7.3.2)."), RefusedError),
    _F(FaultId.CERTIFICATE_REFUSED, tr_later("The call came without a signed-in user. Whether the client certificate was asked for cannot be "
       "distinguished from here."), _SN,
       tr_later("Look, the likeliest first: at User to Certificate Mapping (the certificate, its user, Active); at the user (Active, Locked "
       "out); whether the CA was uploaded as CA Cert and is copied to the load balancer; whether certificate based authentication is "
       "enabled; with the network team, whether a device on the way opens TLS connections."), RefusedError),
    _F(FaultId.CERTIFICATE_NOT_REQUESTED, tr_later("The TLS handshake shows that the other side does not ask for a client certificate."), _SN,
       tr_later("Look, the likeliest first: whether the CA was uploaded as CA Cert and is copied to the load balancer, which takes a "
       "while; whether the plugin com.glide.auth.mutual is active; with the network team, whether a device on the way opens TLS "
       "connections; whether the instance is behind the load balancer ADCv2. Owner: who has the role sso_config_admin."), RefusedError),
    _F(FaultId.CERTIFICATE_NOT_MAPPED, tr_later("The client certificate was asked for and accepted by the load balancer, and the instance signs nobody in with it. "
       "Which of its records is the reason cannot be distinguished from here."), _SN,
       tr_later("Look, the likeliest first: at User to Certificate Mapping (a record with exactly this certificate, its user, Active); at the "
       "user (Active, Locked out); whether certificate based authentication is enabled; at the API access policies (they may not name "
       "certificates). Owner: who has the role sso_config_admin."), RefusedError),
    _F(FaultId.CERTIFICATE_INTERCEPTED, tr_later("A device on the way likely opens the TLS connection, and cannot pass the client certificate on; the issuer of the "
       "certificate is named as such devices are."), _NET,
       tr_later("Have connections to this host excluded from TLS inspection."), RefusedError),
    _F(FaultId.CERTIFICATE_BALANCER_UNSUPPORTED, tr_later("The load balancer says that the way behind it does not support client certificates."), _SN,
       tr_later("Ask ServiceNow support to move the instance behind ADCv2 with TLS on its inner way."), RefusedError),
)  # fmt: skip
