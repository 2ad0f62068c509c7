"""The help of the program as the command line writes it; made by `python -m tests.stored_help`."""

HELP = """\
Usage: approval-console [OPTIONS] COMMAND [ARGS]...

  Sets up, checks and watches ServiceNow approval processes of Privilege
  Manager.

Options:
  --store <str>     Path or URL of the store (APPROVAL_CONSOLE_STORE).
                    Everybody on this computer can read a password in it: for
                    PostgreSQL leave it out and put it into ~/.pgpass or the
                    file that PGPASSFILE names, or name a service of
                    ~/.pg_service.conf with
                    postgresql+psycopg:///?service=NAME.
  --vault <str>     system, file, env or session (APPROVAL_CONSOLE_VAULT).
  --language <str>  en or de (APPROVAL_CONSOLE_LANGUAGE); else the language of
                    the system.
  --verbose         Log more details.
  --version         Print the version.
  --help            Show this message and exit.

Commands:
  items           List request items; those with the required variables...
  check           Check a server in stages; 1 when a stage failed.
  chain           Check every link from the policy to the approver; 1...
  expiries        List what runs out, the nearest first: secrets, keys,...
  faults          Say what a fault of the check, or of an answer on its...
  provision       Make, check or take back what approvals need in...
  demo            Walk the set-up guide on practice servers and show the...
  worker          Raise what was taken in, follow requests, time them...
  support-bundle  Write logs, versions, the configuration, the last check...
  credential      User Credentials and their secrets.
  config          The configuration as a YAML document.
  requests        Approval requests.
  intake          Programs that may raise requests.
  deliveries      Answers on their way back.
  history         What changed, when, by whom: history [KIND NAME] [--json].
  audit           The audit trail.
  practice        The practice instance and the practice Privilege Manager.
  actions         Approval actions of Privilege Manager.
  policies        Policies of Privilege Manager.
  endpoints       Endpoints of Privilege Manager.
  sign-in         How ServiceNow servers sign in."""
