# Made from the program's table of settings, see CONTRIBUTING.md.
_accio_kestrel() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    case $previous in
        --tls-certificate | --tls-key | --tls-client-ca | --results | --config)
            compopt -o filenames 2> /dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return ;;
        --log-format)
            mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$current")
            return ;;
        --listen | --idle-timeout | --backlog | --min-data-rate | --min-data-rate-grace-period | --handshake-timeout | --max-exchange-duration | --max-file-size | --allow | --proxy-protocol | --shutdown-grace | --status | --status-host | --count)
            return ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W '--listen --idle-timeout --backlog --lenient --min-data-rate --min-data-rate-grace-period --handshake-timeout --max-exchange-duration --max-file-size --allow --proxy-protocol --shutdown-grace --tls-certificate --tls-key --tls-client-ca --status --status-host --results --results-sync --count --log-format --quiet --config --check-config --help --version' -- "$current")
}
complete -F _accio_kestrel accio-kestrel AccioKestrel
