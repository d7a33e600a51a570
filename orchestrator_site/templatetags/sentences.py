"""Sentences of the services, as the pages show them."""

from django import template

from orchestrator_site.common.admin.display import show_sentence

register = template.Library()
register.filter("sentence", show_sentence)
