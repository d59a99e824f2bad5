package dev.antiphon.worker;

import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;

/// Which code of others a worker loads.
///
/// @param folder with its jars; null for none. Default none: what lies in a folder by chance is not to be run
/// @param environment each extension is given the variables that it says it reads
public record ExtensionSettings(@Nullable Path folder, Environment environment) {

    static ExtensionSettings from(Environment environment) {
        String folder = environment.text(Variable.CHAT_EXTENSIONS);
        return new ExtensionSettings(folder == null ? null : Path.of(folder), environment);
    }
}
