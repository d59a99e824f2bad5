package dev.antiphon.transport;

import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.transport.Breakage.Limit;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/// Turns the failure of a service into the failure that the user sees: one sentence of our own. It quotes only the HTTP
/// status, the name of the model and a plain error name.
public final class FailureText {

    /// The error name of a 404 that concerns the model and not the address.
    public static final String MODEL_NOT_FOUND = "model_not_found";

    /// No digits, so that no key matches.
    private static final Pattern PLAIN_NAME = Pattern.compile("[a-z_]{1,48}");

    /// Errors with status 429 that waiting does not help.
    private static final Set<String> NOT_PASSING =
            Set.of("insufficient_quota", "billing_hard_limit_reached", "billing_not_active");

    /// Errors reported within a stream that waiting helps.
    private static final Set<String> PASSING =
            Set.of(
                    "overloaded_error",
                    "api_error",
                    "rate_limit_error",
                    "rate_limit_exceeded",
                    "server_error",
                    "insufficient_system_resource",
                    "unavailable",
                    "internal",
                    "resource_exhausted");

    private static final int MAX_MODEL_NAME = 60;

    private final String subject;

    /// Makes the failures of one provider.
    public FailureText(String provider) {
        this.subject = "The provider '" + provider + "'";
    }

    /// The failure of a broken call.
    ///
    /// @param model as requested, or null
    /// @param hasAnswered whether a piece of the answer has come, so that the call must not be repeated
    public ProviderFailure of(Breakage why, @Nullable String model, boolean hasAnswered) {
        return switch (why) {
            case Breakage.Unreachable _ ->
                    passing(ErrorCode.PROVIDER_FAILED, "could not be reached", Duration.ZERO);
            case Breakage.Refused refused -> refused(refused, model);
            case Breakage.Reported(String reason, _)
                    when !hasAnswered && PASSING.contains(plain(reason)) ->
                    passing(
                            ErrorCode.PROVIDER_FAILED,
                            "failed" + inBrackets(plain(reason)),
                            Duration.ZERO);
            case Breakage.Reported(String reason, int status) when !hasAnswered && status >= 400 ->
                    refused(new Breakage.Refused(status, reason, null), model);
            case Breakage.Reported(String reason, _) ->
                    failed("ended its answer with an error" + inBrackets(plain(reason)));
            case Breakage.TooLate(Limit limit, Duration after) -> tooLate(limit, after);
            case Breakage.EventTooLong(int most) ->
                    failed("sent an event of more than " + (most >> 10) + " KiB");
            case Breakage.AnswerTooLong _ ->
                    failure(ErrorCode.ANSWER_TOO_LONG, "sent an endless answer");
            case Breakage.Malformed _ -> failed("sent a malformed event");
            case Breakage.Cut _ when hasAnswered -> failed("did not finish its answer");
            case Breakage.Cut _ -> failed("ended its answer before it began");
        };
    }

    /// The service withheld its answer.
    ///
    /// @param word the service's word for what it did
    public ProviderFailure filtered(String word) {
        return failed("withheld the answer because of its content filter")
                .withStopReason(quotable(word));
    }

    /// The service stopped in the middle of its answer.
    ///
    /// @param word the service's word for why its answer is incomplete
    public ProviderFailure stopped(String word, boolean hasAnswered) {
        String name = plain(word.toLowerCase(Locale.ROOT));
        String what = "stopped before its answer was whole" + inBrackets(name);
        ProviderFailure failure =
                !hasAnswered && PASSING.contains(name)
                        ? passing(ErrorCode.PROVIDER_FAILED, what, Duration.ZERO)
                        : failed(what);
        return failure.withStopReason(quotable(word));
    }

    /// A word of the service, if it can be shown.
    private static @Nullable String quotable(String word) {
        return plain(word.toLowerCase(Locale.ROOT)).isEmpty() ? null : word;
    }

    /// The tool calls of an answer cannot be distinguished.
    public ProviderFailure mixedUpTools() {
        return failed("mixed up its tool calls, so none of them was made");
    }

    /// The model asked for a tool that was not offered.
    public ProviderFailure unknownTool() {
        return failed("called a tool that was not offered");
    }

    private ProviderFailure refused(Breakage.Refused refused, @Nullable String model) {
        int status = refused.status();
        String reason = plain(refused.reason());
        String what = sentence(status, reason, model) + inBrackets(status, reason);
        Duration wait = refused.retryAfter() == null ? Duration.ZERO : refused.retryAfter();
        return mayPass(status) && !NOT_PASSING.contains(reason)
                ? passing(ErrorCode.PROVIDER_FAILED, what, wait)
                : failed(what);
    }

    private static boolean mayPass(int status) {
        return status == 408 || status == 429 || status >= 500;
    }

    private static String sentence(int status, String reason, @Nullable String model) {
        return switch (status) {
            case 401, 403 -> "does not accept the key";
            case 404 ->
                    reason.equals(MODEL_NOT_FOUND)
                            ? "does not know the model"
                                    + (model == null ? "" : " '" + shorten(model) + "'")
                            : "was not found at its address";
            case 429 -> "accepts no more requests for now";
            default -> status >= 500 ? "failed" : "did not accept the request";
        };
    }

    private ProviderFailure tooLate(Limit limit, Duration after) {
        String time = seconds(after);
        return switch (limit) {
            case CONNECT ->
                    passing(
                            ErrorCode.PROVIDER_TIMEOUT,
                            "could not be reached within " + time,
                            Duration.ZERO);
            case FIRST_TOKEN ->
                    failure(ErrorCode.PROVIDER_TIMEOUT, "did not begin to answer within " + time);
            case IDLE ->
                    failure(
                            ErrorCode.PROVIDER_TIMEOUT,
                            "fell silent for " + time + " in the middle of its answer");
            case TOTAL ->
                    failure(ErrorCode.PROVIDER_TIMEOUT, "did not finish its answer within " + time);
        };
    }

    private ProviderFailure failed(String what) {
        return failure(ErrorCode.PROVIDER_FAILED, what);
    }

    private ProviderFailure failure(ErrorCode code, String what) {
        return new ProviderFailure(code, subject + " " + what + ".", null);
    }

    private ProviderFailure passing(ErrorCode code, String what, Duration retryAfter) {
        return ProviderFailure.passing(code, subject + " " + what + ".", retryAfter);
    }

    /// The service's error name, if it is only a name; otherwise an empty text.
    private static String plain(@Nullable String reason) {
        return reason != null && PLAIN_NAME.matcher(reason).matches() ? reason : "";
    }

    private static String inBrackets(String reason) {
        return reason.isEmpty() ? "" : " (" + reason + ")";
    }

    private static String inBrackets(int status, String reason) {
        return " (HTTP " + status + (reason.isEmpty() ? "" : ", " + reason) + ")";
    }

    private static String shorten(String name) {
        return name.length() > MAX_MODEL_NAME ? name.substring(0, MAX_MODEL_NAME) + "…" : name;
    }

    private static String seconds(Duration time) {
        return time.toMillisPart() == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }
}
