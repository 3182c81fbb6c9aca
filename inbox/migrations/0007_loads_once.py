"""The index without what is at risk, which the wider one serves, too."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("inbox", "0006_loads"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="conversation", name="inbox_conversation_mine"),
    ]
