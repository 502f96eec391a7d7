"""Every page there is."""

from api.pages import home, login, session, sign_on, style

PAGES = (*home.PAGES, *login.PAGES, *session.PAGES, *sign_on.PAGES, *style.PAGES)
