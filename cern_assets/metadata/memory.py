"""A bounded memory for what is dear to make and comes again."""


class Memory[Key, Known]:
    """What was used lately, of a weight of `most` and as much before that; what was not used since is forgotten.

    Two generations are less work than an order of use. Threads may share it: the worst that they do to each other is
    that something is made twice.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._before: dict[Key, Known] = {}
        self.recent: dict[Key, Known] = {}

    def get(self, key: Key, weight: int = 1) -> Known | None:
        """What is remembered of a key, None for nothing."""
        known = self.recent.get(key)
        if known is None:
            known = self._before.get(key)
            if known is not None:
                self.put(key, known, weight)
        return known

    def put(self, key: Key, known: Known, weight: int = 1) -> None:
        """Remember it."""
        if self._weight >= self._most:
            self._before, self.recent, self._weight = self.recent, {}, 0
        self.recent[key] = known
        self._weight += weight
