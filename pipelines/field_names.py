"""What other schemas call the columns of the events, for whoever maps them: Elastic's (ECS 8) and OCSF's (1.3).

OCSF names are those of the class Network Activity with the profile Security Control. "" where a schema has no such
field.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Names(NamedTuple):
    """Names of a column in other schemas."""

    ecs: str
    ocsf: str


FIELD_NAMES: Mapping[str, Names] = {
    "observed_at": Names("@timestamp", "time"),
    "host": Names("observer.hostname", "device.hostname"),
    "action": Names("event.type", "action_id"),
    "vendor_action": Names("event.action", "action"),
    "reason": Names("event.reason", "status_detail"),
    "direction": Names("network.direction", "connection_info.direction"),
    "rule": Names("rule.name", "firewall_rule.name"),
    "message_id": Names("event.code", "metadata.event_code"),
    "application": Names("network.application", "app_name"),
    "signature": Names("rule.description", ""),
    "in_interface": Names("observer.ingress.interface.name", "src_endpoint.interface_name"),
    "out_interface": Names("observer.egress.interface.name", "dst_endpoint.interface_name"),
    "in_zone": Names("observer.ingress.zone", "src_endpoint.zone"),
    "out_zone": Names("observer.egress.zone", "dst_endpoint.zone"),
    "in_bridge_port": Names("", ""),
    "out_bridge_port": Names("", ""),
    "source_mac": Names("source.mac", "src_endpoint.mac"),
    "destination_mac": Names("destination.mac", "dst_endpoint.mac"),
    "source_ip": Names("source.ip", "src_endpoint.ip"),
    "source_port": Names("source.port", "src_endpoint.port"),
    "destination_ip": Names("destination.ip", "dst_endpoint.ip"),
    "destination_port": Names("destination.port", "dst_endpoint.port"),
    "protocol": Names("network.transport", "connection_info.protocol_name"),
    "nat_source_ip": Names("source.nat.ip", ""),
    "nat_source_port": Names("source.nat.port", ""),
    "nat_destination_ip": Names("destination.nat.ip", ""),
    "nat_destination_port": Names("destination.nat.port", ""),
    "packet_bytes": Names("network.bytes", "traffic.bytes"),
    "duration_ms": Names("event.duration", "duration"),
    "ttl": Names("", ""),
    "tos": Names("", ""),
    "ip_id": Names("", ""),
    "flow_label": Names("", ""),
    "dont_fragment": Names("", ""),
    "tcp_flags": Names("", "connection_info.tcp_flags"),
    "tcp_sequence": Names("", ""),
    "tcp_acknowledgement": Names("", ""),
    "tcp_window": Names("", ""),
    "icmp_type": Names("", ""),
    "icmp_code": Names("", ""),
    "icmp_id": Names("", ""),
    "icmp_sequence": Names("", ""),
    "packets": Names("network.packets", "traffic.packets"),
    "source_country": Names("source.geo.country_iso_code", "src_endpoint.location.country"),
    "source_scope": Names("", ""),
    "source_asn": Names("source.as.number", "src_endpoint.autonomous_system.number"),
    "source_network": Names("source.as.organization.name", "src_endpoint.autonomous_system.name"),
    "destination_country": Names("destination.geo.country_iso_code", "dst_endpoint.location.country"),
    "destination_scope": Names("", ""),
    "service": Names("network.protocol", "dst_endpoint.svc_name"),
    "sensor": Names("observer.name", "metadata.log_provider"),
    "file": Names("log.file.path", "metadata.log_name"),
    "line_number": Names("", ""),
}
