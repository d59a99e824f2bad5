package dev.antiphon.worker;

import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;

/// Which code of others a worker loads.
///
/// @param folder with its jars; null for none. Default none: what lies in a folder by chance is not to be run
public record ExtensionSettings(@Nullable Path folder) {

    static ExtensionSettings from(Environment environment) {
        String folder = environment.text(Variable.CHAT_EXTENSIONS);
        return new ExtensionSettings(folder == null ? null : Path.of(folder));
    }
}
