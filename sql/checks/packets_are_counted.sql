-- An event stands for one packet at least
select
    day,
    sensor,
    file,
    line_number,
    packets
from events
where is_checked(day) and (packets is null or packets < 1)
