"""What runs out: secrets, certificates, keys, and the date from which ServiceNow refuses basic authentication."""
