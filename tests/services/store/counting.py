"""Counts up in the description of one object: `python -m tests.services.store.counting PATH ID TIMES`."""

import sys
import uuid

from models.kinds import Kind
from services.common.errors import ConflictError
from services.configuration import Configuration, merge
from services.store import Store

KIND = Kind.USER_CREDENTIAL


class Counter:
    """One console that counts up in the object that others count up in as well."""

    def __init__(self, configuration, object_id):
        self.configuration = configuration
        self.object_id = object_id
        self.conflicts = []

    def open(self):
        """Return what a page would show, and keep it as what was opened."""
        item = self.configuration.get(KIND, self.object_id)
        return item, item.model_dump()

    def save(self, item, opened):
        """Count up from what was opened and save; on a conflict count up from what the others saved."""
        while True:
            item.description = f"{int(opened['description']) + 1}"
            try:
                return self.configuration.save(item, base=opened)
            except ConflictError as conflict:
                self.conflicts.append(conflict)
                opened = conflict.theirs
                merged = merge(conflict.base, conflict.mine, conflict.theirs, item.fields.model_fields)
                # Two counts of the same number are the same text, and no conflict for a merge.
                for name, value in merged.values.items():
                    setattr(item, name, value)
                item.version = conflict.theirs["version"]

    def count(self, times):
        """Count up `times` times."""
        for _ in range(times):
            self.save(*self.open())


def new_counter(configuration):
    """Return the id of a stored object whose description is 0."""
    item = configuration.new(KIND, name="Counter", account="a", description="0")
    return configuration.save(item).id


def main():
    store = Store.open(sys.argv[1], actor="counter")
    counter = Counter(Configuration(store), uuid.UUID(sys.argv[2]))
    counter.count(int(sys.argv[3]))
    store.close()
    print(len(counter.conflicts))


if __name__ == "__main__":
    main()
