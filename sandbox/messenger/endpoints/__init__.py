"""What an app may call. Importing this registers every endpoint in calls.ENDPOINTS."""

from sandbox.messenger.endpoints import (
    attachments,
    profile,
    routing,
    sending,
    subscriptions,
    templates,
    users,
)

__all__ = ["attachments", "profile", "routing", "sending", "subscriptions", "templates", "users"]
