"""`manage.py graphql_schema`: graphene-django's own, without its app, which would load GraphQL into every process."""

from graphene_django.management.commands.graphql_schema import Command

__all__ = ["Command"]
