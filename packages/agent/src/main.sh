# main ARGUMENT…: `serve` for the control plane, anything else by hand. Exit codes: 0 done; 1 refused or failed, told on
# standard error; 2 wrong use.
main() {
  set -eu
  base_setup
  case ${1-} in
  serve)
    [ $# = 1 ] || by_hand_wrong 'serve takes no arguments'
    serve
    ;;
  *) by_hand "$@" ;;
  esac
}
