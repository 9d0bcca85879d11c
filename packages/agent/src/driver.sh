# The way to the drivers: the part of an instance's name before the colon is the driver, the rest its configuration.

# driver_of INSTANCE: sets DRIVER and DRIVER_CONFIG, or fails with no-such-instance. The name of a driver comes from MB_DRIVERS, never from outside.
driver_of() {
  # yash, where it is not started as sh, keeps the variable of a loop to the function.
  for driver_name in $MB_DRIVERS; do
    DRIVER=$driver_name
    case $1 in
    "$DRIVER":/*)
      DRIVER_CONFIG=${1#"$DRIVER":}
      return 0
      ;;
    esac
  done
  driver_none "$1"
}

driver_none() { fail no-such-instance instance "no mail system on this host is called $1; ask discover for their names"; }

# driver FUNCTION [ARGUMENT…]: calls it in the driver that driver_of chose; with the instance's configuration unless told otherwise.
driver() {
  driver_function=$1
  shift
  [ $# != 0 ] || set -- "${DRIVER_CONFIG-}"
  FAIL_CODE='' FAIL_FIELD='' FAIL_MESSAGE=''
  "${DRIVER}_$driver_function" "$@"
}

# driver_check: its check; whatever was wrong is in CHECK_FAILED.
driver_check() {
  driver check || { fail_words; : "${CHECK_FAILED:=$FAIL_MESSAGE}"; }
}
