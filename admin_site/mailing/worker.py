"""The thread that sends mail while the site serves."""

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from admin_site.mailing.delivery import Mailer

LOG = logging.getLogger("admin_site.mail")

EVERY = 1.0  # seconds between two looks at the queue
MOST = 120.0  # between two while the database does not answer
GOODBYE = 3.0  # seconds that the message under way is given when the site stops


class Worker:
    """Sends what is due, in a thread of its own; those of several processes share the queue."""

    def __init__(self, mailer: Mailer, every: float = EVERY, goodbye: float = GOODBYE) -> None:
        self._mailer = mailer
        self._every = every
        self._goodbye = goodbye
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mail", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a message that takes longer than a moment is sent later."""
        self._is_over.set()
        self._thread.join(self._goodbye)
        if self._thread.is_alive() and self._mailer.transport is not None:
            self._mailer.transport.abort()
            self._thread.join(self._goodbye)

    def _run(self) -> None:
        pause = self._every
        while not self._is_over.wait(pause):
            try:
                while self._mailer.send_one() and not self._is_over.is_set():
                    pass
                pause = self._every
            except SQLAlchemyError as error:
                if pause == self._every:
                    LOG.warning("No mail is sent while the database refuses: %s", type(error).__name__)
                pause = min(pause * 2, MOST)
