package dev.antiphon.tools;

import dev.antiphon.api.tool.ToolFailure;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;

/// An exact number, in lowest terms. Its size is limited, so that no expression takes long.
///
/// @param denominator greater than zero
record Fraction(BigInteger numerator, BigInteger denominator) {

    static final Fraction ZERO = new Fraction(BigInteger.ZERO, BigInteger.ONE);

    /// The limit for the numerator and for the denominator: about 2,400 digits.
    private static final int MAX_BITS = 8_000;

    private static final int MAX_EXPONENT = 1_000;

    /// More digits than anyone needs.
    private static final MathContext SHOWN = new MathContext(50);

    static Fraction of(BigDecimal number) throws ToolFailure {
        BigInteger power = BigInteger.TEN.pow(Math.abs(number.scale()));
        return number.scale() < 0
                ? of(number.unscaledValue().multiply(power), BigInteger.ONE)
                : of(number.unscaledValue(), power);
    }

    private static Fraction of(BigInteger numerator, BigInteger denominator) throws ToolFailure {
        BigInteger divisor = numerator.gcd(denominator);
        if (denominator.signum() < 0) {
            divisor = divisor.negate();
        }
        BigInteger above = numerator.divide(divisor);
        BigInteger below = denominator.divide(divisor);
        requireSize(Math.max(above.bitLength(), below.bitLength()));
        return new Fraction(above, below);
    }

    private static void requireSize(long bits) throws ToolFailure {
        if (bits > MAX_BITS) {
            throw new ToolFailure("A number grew too large.");
        }
    }

    Fraction plus(Fraction other) throws ToolFailure {
        return of(
                numerator.multiply(other.denominator).add(other.numerator.multiply(denominator)),
                denominator.multiply(other.denominator));
    }

    Fraction minus(Fraction other) throws ToolFailure {
        return plus(new Fraction(other.numerator.negate(), other.denominator));
    }

    Fraction times(Fraction other) throws ToolFailure {
        return of(numerator.multiply(other.numerator), denominator.multiply(other.denominator));
    }

    Fraction over(Fraction other) throws ToolFailure {
        if (other.numerator.signum() == 0) {
            throw new ToolFailure("Division by zero.");
        }
        return of(numerator.multiply(other.denominator), denominator.multiply(other.numerator));
    }

    /// With the sign of this number.
    Fraction remainder(Fraction other) throws ToolFailure {
        Fraction quotient = over(other);
        BigInteger whole = quotient.numerator.divide(quotient.denominator);
        return minus(other.times(new Fraction(whole, BigInteger.ONE)));
    }

    Fraction power(Fraction exponent) throws ToolFailure {
        if (!exponent.denominator.equals(BigInteger.ONE)
                || exponent.numerator.abs().compareTo(BigInteger.valueOf(MAX_EXPONENT)) > 0) {
            throw new ToolFailure(
                    "An exponent must be a whole number from -"
                            + MAX_EXPONENT
                            + " to "
                            + MAX_EXPONENT
                            + ".");
        }
        int times = exponent.numerator.intValueExact();
        Fraction base = times < 0 ? new Fraction(BigInteger.ONE, BigInteger.ONE).over(this) : this;
        long bits = Math.max(base.numerator.bitLength(), base.denominator.bitLength());
        requireSize((bits - 1) * Math.abs(times)); // checked before the computation
        return of(base.numerator.pow(Math.abs(times)), base.denominator.pow(Math.abs(times)));
    }

    /// As a decimal number; rounded and marked when it does not end or has too many digits.
    String text() {
        BigDecimal shown = new BigDecimal(numerator).divide(new BigDecimal(denominator), SHOWN);
        boolean exact =
                shown.multiply(new BigDecimal(denominator)).compareTo(new BigDecimal(numerator))
                        == 0;
        BigDecimal stripped = shown.signum() == 0 ? BigDecimal.ZERO : shown.stripTrailingZeros();
        boolean isShort = Math.abs(stripped.scale()) <= SHOWN.getPrecision();
        return (exact ? "" : "≈ ") + (isShort ? stripped.toPlainString() : stripped.toString());
    }
}
