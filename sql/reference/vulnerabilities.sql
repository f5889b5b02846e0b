-- Vulnerabilities that the most attacked ports are attacked for, with their entries in the CVE list
-- port: Port number
-- protocol: IP protocol: tcp or udp
-- cve: Number in the list of Common Vulnerabilities and Exposures
-- year: Year of that number
-- description: What it is
-- description_ja: What it is, in Japanese
-- source: Address of its entry in the National Vulnerability Database
select
    port,
    protocol,
    cve,
    cast(cve[5:8] as integer) as year,
    description,
    description_ja,
    'https://nvd.nist.gov/vuln/detail/' || cve as source
from
    read_csv(
        literal_path(getvariable('reference_folder')) || '/vulnerabilities.csv',
        auto_detect = false,
        header = true,
        columns = {
            'port': 'integer',
            'protocol': 'varchar',
            'cve': 'varchar',
            'description': 'varchar',
            'description_ja': 'varchar'
        }
    )
order by port, protocol, year, cve
