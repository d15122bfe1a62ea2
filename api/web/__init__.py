"""Pages: public ones without an account, staff ones behind sign-in; rendered on the server, working without JavaScript."""
