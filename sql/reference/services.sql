-- Services by port and protocol, and why the much attacked ones are attacked
-- port: Port number
-- protocol: IP protocol: tcp or udp
-- service: Name of the service, as in the column service of the events
-- description: What the service is
-- attack_reason: Why it is attacked; NULL where nothing is known
select *
from read_csv(
    literal_path(getvariable('reference_folder')) || '/services.csv',
    auto_detect = false,
    header = true,
    columns = {
        'port': 'integer',
        'protocol': 'varchar',
        'service': 'varchar',
        'description': 'varchar',
        'attack_reason': 'varchar'
    }
)
