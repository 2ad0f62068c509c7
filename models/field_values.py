"""The types of editable values. Imports nothing slow: forms use them before the models are imported."""

import uuid

FieldValue = str | int | bool | uuid.UUID | None
"""What an editable field of an object can hold."""
FieldValues = dict[str, FieldValue]
"""Values by field."""
