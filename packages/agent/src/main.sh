# main ARGUMENT…: `serve` for the control plane, anything else by hand. Exit codes: 0 done; 1 refused or failed, told on
# standard error; 2 wrong use.
main() {
  set -eu
  base_setup
  case ${1-} in
  serve)
    if [ $# != 1 ]; then
      echo 'mailbrake-agent: serve takes no arguments' >&2
      exit 2
    fi
    serve
    ;;
  *) by_hand "$@" ;;
  esac
}
