package dev.antiphon.cli;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/// Pod ids for the gateways of one machine. The host's name alone, a gateway's default, is sufficient if each gateway
/// has its own host.
final class PodNames {
    private static final Pattern NOT_IN_AN_ID = Pattern.compile("[^A-Za-z0-9_-]");

    private PodNames() {}

    /// The id of the gateway that listens on this port.
    static String onThisMachine(String port) {
        return NOT_IN_AN_ID.matcher(host()).replaceAll("-") + "-" + port;
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException _) {
            return "pod";
        }
    }
}
