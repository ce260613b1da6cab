"""Every input of HTML in one form."""
