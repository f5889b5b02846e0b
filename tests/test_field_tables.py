"""The field documentation is that of the schema and the formats as they are now."""

from pipelines.field_names import FIELD_NAMES
from pipelines.format import all_formats
from pipelines.schema import EVENTS
from tests.field_tables import BEGIN, DOCUMENT, END, filled, tables, vendor_names


def test_the_document_holds_the_tables_of_now() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0] == tables(), "python -m tests.field_tables writes them anew"


def test_every_column_is_named_in_the_other_schemas_or_said_not_to_be() -> None:
    assert list(FIELD_NAMES) == [column.name for column in EVENTS]


def test_names_are_those_of_the_vendors() -> None:
    formats = all_formats()
    assert vendor_names(formats["netfilter"])["destination_port"] == ["DPT"]
    assert vendor_names(formats["fortigate"])["source_ip"] == ["srcip"]
    assert vendor_names(formats["windows_firewall"])["action"] == ["action"]
    assert vendor_names(formats["suricata"])["destination_port"] == ["dest_port"]
    assert vendor_names(formats["filterlog"])["vendor_action"] == ["7"]
    assert "protocol" in filled("cisco_asa")
    assert "tcp_window" not in filled("cisco_asa")
