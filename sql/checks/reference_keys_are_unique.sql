-- A country code, and a port with its protocol, stand once in their reference tables
select
    'countries' as reference_table,
    country as entry,
    count(*) as times
from countries
group by country
having count(*) > 1
union all
select
    'services' as reference_table,
    port || '/' || protocol as entry,
    count(*) as times
from services
group by port, protocol
having count(*) > 1
