package dev.antiphon.tools;

import dev.antiphon.api.tool.ToolFailure;

import java.math.BigDecimal;

/// Reads and computes an expression, in one pass from left to right. `^` has the highest precedence and associates to
/// the right; then come signs, then `* / %`, then `+ -`.
final class Expression {

    private static final int MAX_DEPTH = 50;

    /// Most digits of a literal when written out.
    private static final int MAX_DIGITS = 300;

    private final String text;
    private int at;
    private int depth;

    /// Takes a text of limited length.
    Expression(String text) {
        this.text = text;
    }

    /// The value of the expression.
    ///
    /// @throws ToolFailure with the position, when the text is not an expression or has no value
    Fraction value() throws ToolFailure {
        Fraction value = sum();
        if (peek() != 0) {
            throw unexpected();
        }
        return value;
    }

    private Fraction sum() throws ToolFailure {
        Fraction value = product();
        while (true) {
            switch (peek()) {
                case '+' -> value = value.plus(next(this::product));
                case '-' -> value = value.minus(next(this::product));
                default -> {
                    return value;
                }
            }
        }
    }

    private Fraction product() throws ToolFailure {
        Fraction value = signed();
        while (true) {
            switch (peek()) {
                case '*' -> value = value.times(next(this::signed));
                case '/' -> value = value.over(next(this::signed));
                case '%' -> value = value.remainder(next(this::signed));
                default -> {
                    return value;
                }
            }
        }
    }

    private Fraction signed() throws ToolFailure {
        return switch (peek()) {
            case '-' -> Fraction.ZERO.minus(deeper(() -> next(this::signed)));
            case '+' -> deeper(() -> next(this::signed));
            default -> power();
        };
    }

    private Fraction power() throws ToolFailure {
        Fraction base = atom();
        return peek() == '^' ? base.power(deeper(() -> next(this::signed))) : base;
    }

    private Fraction atom() throws ToolFailure {
        if (peek() == '(') {
            Fraction value = deeper(() -> next(this::sum));
            if (peek() != ')') {
                throw unexpected();
            }
            at++;
            return value;
        }
        return number();
    }

    private Fraction number() throws ToolFailure {
        int start = at;
        digits();
        if (at < text.length() && text.charAt(at) == '.') {
            at++;
            digits();
        }
        boolean hasDigits = at > start + (text.startsWith(".", start) ? 1 : 0);
        if (hasDigits && at < text.length() && (text.charAt(at) | ' ') == 'e') {
            at++;
            if (at < text.length() && (text.charAt(at) == '-' || text.charAt(at) == '+')) {
                at++;
            }
            digits();
        }
        if (!hasDigits) {
            at = start;
            throw unexpected();
        }
        return literal(text.substring(start, at));
    }

    private Fraction literal(String digits) throws ToolFailure {
        try {
            BigDecimal number = new BigDecimal(digits);
            if (number.precision() + Math.abs((long) number.scale()) <= MAX_DIGITS) {
                return Fraction.of(number);
            }
        } catch (NumberFormatException e) {
            // An exponent that is missing or far too large; reported below.
        }
        throw new ToolFailure(
                "'" + digits + "' is not a number, or has more than " + MAX_DIGITS + " digits.");
    }

    private void digits() {
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
    }

    /// The next character that is not a space, or 0 at the end.
    private char peek() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        return at < text.length() ? text.charAt(at) : 0;
    }

    /// Skips an operator.
    private Fraction next(Part part) throws ToolFailure {
        at++;
        peek();
        return part.read();
    }

    /// Every recursion passes through here.
    private Fraction deeper(Part part) throws ToolFailure {
        if (++depth > MAX_DEPTH) {
            throw new ToolFailure("The expression is nested too deeply.");
        }
        Fraction value = part.read();
        depth--;
        return value;
    }

    private ToolFailure unexpected() {
        String what = at < text.length() ? "'" + text.charAt(at) + "' is unexpected" : "It ends";
        return new ToolFailure(what + " at character " + (at + 1) + " of the expression.");
    }

    private interface Part {
        Fraction read() throws ToolFailure;
    }
}
