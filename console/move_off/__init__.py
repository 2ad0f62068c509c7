"""The page Move off passwords: guides a ServiceNow server from basic authentication to another sign-in."""
