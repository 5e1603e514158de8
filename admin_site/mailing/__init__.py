"""Mail: how messages are written, how they leave the site, and who sees to it."""

from admin_site.mailing.delivery import Mailer
from admin_site.mailing.worker import Worker

__all__ = ["Mailer", "Worker"]
