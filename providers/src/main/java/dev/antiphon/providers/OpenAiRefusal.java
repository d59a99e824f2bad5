package dev.antiphon.providers;

import dev.antiphon.transport.Breakage;
import dev.antiphon.transport.FailureText;
import dev.antiphon.transport.ServiceErrors;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// How the service refused to create a response, if it did. Used by the call's thread.
final class OpenAiRefusal {

    /// The words of a refusal of background mode: the mode, or the storage of the answer.
    private static final List<String> BACKGROUND = List.of("background", "store", "retention");

    private Breakage.@Nullable Refused why;
    private String body = "";

    /// Records why a response was not created.
    void take(Breakage broken, String text) {
        if (broken instanceof Breakage.Refused refused) {
            why = refused;
            body = text;
        }
    }

    /// The protocol to try instead; empty when another one would be refused as well.
    Optional<OpenAiApi> below(OpenAiApi api) {
        Breakage.Refused refused = why;
        if (refused == null
                || api == OpenAiApi.CHAT
                || FailureText.MODEL_NOT_FOUND.equals(
                        ServiceErrors.refusal(refused.status(), body))) {
            return Optional.empty();
        }
        return switch (refused.status()) {
            case 404, 405, 501 -> Optional.of(OpenAiApi.CHAT); // the server has no such path
            case 400, 401, 403, 422 -> {
                String says = says();
                if (api == OpenAiApi.BACKGROUND && BACKGROUND.stream().anyMatch(says::contains)) {
                    yield Optional.of(OpenAiApi.RESPONSES);
                }
                // A key without the scope `api.responses.write`, or a model for another path.
                yield says.contains("responses") ? Optional.of(OpenAiApi.CHAT) : Optional.empty();
            }
            default -> Optional.empty();
        };
    }

    /// The subject of the error. Not the whole body, which can repeat what the user wrote.
    private String says() {
        JsonNode error = ServiceErrors.parse(body).path("error");
        return (error.path("param").stringValue("") + " " + error.path("message").stringValue(""))
                .toLowerCase(Locale.ROOT);
    }
}
