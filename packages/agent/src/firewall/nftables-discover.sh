# The ports of this host on which something listens for mail: the kernel's firewall can brake them whatever the mail system is. Reads only.

# nftables_discover: one instance for the host. Where there is no nft there is none, which is no error.
nftables_discover() {
  command -v nft >/dev/null 2>&1 || return 0
  nft_running=false nft_armed=false nft_host=$(uname -n) NFT_INSTANCE=nftables:/etc/nftables.conf
  if nft_usable; then nft_running=true; fi
  if instance_armed "$NFT_INSTANCE"; then nft_armed=true; fi
  run_query nft --version || :
  JSON_FIELDS=
  json_field version "$(awk 'NR == 1 { sub(/^v/, "", $2); print $2 }' "$RUN_OUTPUT")"
  json_field hostname "$nft_host"
  discover_instance "$NFT_INSTANCE" "{\"instance\":\"$NFT_INSTANCE\",\"mta\":\"nftables\",\"configDir\":\"/etc\",\"name\":\"nftables\",\"running\":$nft_running,\"armed\":$nft_armed,\"domains\":[]$JSON_FIELDS}" || return 1
  nft_ports
  nft_address=$(ip -o -4 addr show scope global 2>/dev/null | awk 'NR == 1 { sub(/\/.*/, "", $4); print $4 }')
  while read -r nft_port nft_process nft_addresses; do
    nft_list='' nft_probe=''
    for nft_one in $nft_addresses; do
      nft_list="$nft_list${nft_list:+,}{\"address\":\"$nft_one\",\"port\":$nft_port}"
      case $nft_one in 0.0.0.0 | ::) nft_one=${nft_address:-127.0.0.1} ;; esac
      case $nft_probe in '' | 127.* | ::1) nft_probe=$nft_one ;; esac
    done
    # The role of a door is told by the mail system's own instance; only where that has no driver, this point is the door.
    case $(awk -F '\t' -v "p=$nft_port" '$4 == "listener" && $6 == p { print "known"; exit }' "$MB_TMP/discovered")$nft_probe:$nft_port in
    known*) nft_role=null ;;
    127.* | ::1:*) nft_role='"relay"' ;;
    *:25) nft_role='"inbound-mx"' ;;
    *) nft_role='"submission"' ;;
    esac
    nft_point "listener:$nft_port" listener "Port $nft_port at the firewall ($nft_process)" "$nft_role" || return 1
  done <"$MB_TMP/nft-ports"
  nft_list='' nft_probe=- nft_port=-
  nft_point delivery delivery 'Connections out to ports 25, 465 and 587' null
}

# nft_point POINT KIND LABEL ROLE
nft_point() {
  JSON_FIELDS=
  [ "$2" = delivery ] || {
    json_field sender "mailbrake-probe@$nft_host" 390
    json_field recipient "postmaster@$nft_host" 390
    JSON_FIELDS=",\"probe\":{\"address\":\"$nft_probe\",\"port\":$nft_port$JSON_FIELDS}"
  }
  nft_cells=
  [ "$nft_running" = false ] || nft_cells "$2"
  discover_point "$NFT_INSTANCE" "$1" "$2" "$nft_probe" "$nft_port" \
    "{\"instance\":\"$NFT_INSTANCE\",\"point\":\"$1\",\"kind\":\"$2\",\"label\":\"$3\",\"role\":$4,\"listens\":[$nft_list],\"cells\":[$nft_cells]$JSON_FIELDS}"
}

# nft_cells KIND: sets nft_cells to what nftables_can does not refuse.
nft_cells() {
  if [ "$1" = delivery ]; then
    nft_cell throttle '"all"' "delivered at that rate" 'Counts connections, not messages; all together'
    nft_cell pause '"all"' 'accepted and queued' 'Each new connection out is refused'
  else
    nft_cell throttle '"all","client"' "$NFT_LATE" 'Counts connections: for all, all clients together; for a client or network, each address by itself'
    nft_cell close '"all","client"' 'connection refused' 'At the firewall, whatever listens there'
  fi
}

nft_cell() { nft_cells="$nft_cells${nft_cells:+,}{\"effect\":\"$1\",\"matches\":[$2],\"loses\":false,\"reply\":\"$3\",\"note\":\"$4\"}"; }
