"""The way back: answers of ended requests, from the outbox to Privilege Manager or to a webhook."""
