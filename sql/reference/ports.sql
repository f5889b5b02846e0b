-- The ports that are attacked most: what they are, why they are attacked and what to do, in English and Japanese
-- port: Port number
-- protocol: IP protocol: tcp or udp
-- service: Name of the service, as in the table of services
-- description: What the service is
-- description_ja: What the service is, in Japanese
-- attack_reason: Why it is attacked
-- attack_reason_ja: Why it is attacked, in Japanese
-- advice: How to close it, or to live with it open
-- advice_ja: How to close it, or to live with it open, in Japanese
-- nmap_command: How to look from outside whether it is open; ADDRESS stands for your own
select
    advised.port,
    advised.protocol,
    services.service,
    services.description,
    advised.description_ja,
    services.attack_reason,
    advised.attack_reason_ja,
    advised.advice,
    advised.advice_ja,
    'nmap -Pn '
    || case advised.protocol when 'udp' then '-sU' else '-sT' end
    || ' -sV -p ' || advised.port
    || coalesce(' --script ' || advised.nmap_scripts, '')
    || ' ADDRESS' as nmap_command
from
    read_csv(
        literal_path(getvariable('reference_folder')) || '/ports.csv',
        auto_detect = false,
        header = true,
        columns = {
            'port': 'integer',
            'protocol': 'varchar',
            'description_ja': 'varchar',
            'attack_reason_ja': 'varchar',
            'advice': 'varchar',
            'advice_ja': 'varchar',
            'nmap_scripts': 'varchar'
        }
    ) as advised
inner join services on advised.port = services.port and advised.protocol = services.protocol
order by advised.port, advised.protocol
