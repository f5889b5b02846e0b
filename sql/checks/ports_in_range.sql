-- A port is a number from 0 to 65535
select
    day,
    sensor,
    file,
    line_number,
    source_port,
    destination_port
from events
where
    is_checked(day)
    and (source_port not between 0 and 65535 or destination_port not between 0 and 65535)
