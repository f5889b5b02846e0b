-- Tools that packets bear the marks of, over all days; scan_tools_between(first, last) answers for a period
-- tool: Name of the tool or botnet
-- mark: What gives it away: sequence, identification, or ports; see sql/macros/source_marks.sql
-- sources: Number of different addresses most of whose packets, of a month or day, bear the mark
-- events: Number of their packets that do
-- share: Part of all events of the period, 0 to 1
-- main_ports: The up to five destination ports that these addresses try most
-- false_positive_rate: Part of random packets that bear the mark; NULL where there is no such rate
select * from scan_tools_between('-infinity', 'infinity')
