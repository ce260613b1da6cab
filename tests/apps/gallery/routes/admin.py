"""The administration's first page."""

from tests.apps.gallery.routes.guard import Admin


def loader(admin: Admin) -> str:
    return admin.name
