"""Answers of a repository that do not fit into memory, or never end, are let go."""

import asyncio

from nrp_cmd.async_client.connection.response import RepositoryResponse
from nrp_cmd.errors import RepositoryCommunicationError

MOST_ANSWER_BYTES = 64 * 1024**2
"""Unpacked; a page of 25 records with thousands of authors each has about 10 MB."""

_LONGEST_SECONDS = 600.0
"""For all of an answer, however often a byte of it comes."""

_CHUNK_BYTES = 262_144


class BoundedResponse(RepositoryResponse):
    """nrp-cmd's response, whose body is read up to a limit of bytes and seconds."""

    async def read(self) -> bytes:
        """The body, unpacked.

        Raises:
            RepositoryCommunicationError: it is longer than any answer.
            TimeoutError: it takes longer than any answer.
        """
        if self._body is None:
            try:
                async with asyncio.timeout(_LONGEST_SECONDS):
                    self._body = await self._bounded()
            except BaseException:
                self.close()
                raise
        return await super().read()

    async def _bounded(self) -> bytes:
        taken = bytearray()
        async for chunk in self.content.iter_chunked(_CHUNK_BYTES):
            taken += chunk
            if len(taken) > MOST_ANSWER_BYTES:
                raise RepositoryCommunicationError(f"an answer of more than {MOST_ANSWER_BYTES:,} bytes")
        return bytes(taken)
