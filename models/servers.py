"""The two kinds of foreign systems as one type."""

from models.foreign_system import ForeignSystem
from models.privilege_manager_server import PrivilegeManagerServer

Server = ForeignSystem | PrivilegeManagerServer
SERVER_MODELS: tuple[type[ForeignSystem], type[PrivilegeManagerServer]] = (
    ForeignSystem,
    PrivilegeManagerServer,
)
