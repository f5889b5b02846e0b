-- One row per file of nmap's in scans/: when it scanned which hosts and ports, or why it was refused
select *
from read_parquet(literal_path(warehouse_folder()) || '/port_scans/*.parquet')
