"""Indexes of whole names, which those of their beginnings serve, too."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("outreach", "0005_contact_names_beginning"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="contact", name="outreach_contact_first"),
        migrations.RemoveIndex(model_name="contact", name="outreach_contact_last"),
    ]
