"""Requests and records of /v2 as marshmallow schemas: they say shape only, and OpenAPI is made from them."""
