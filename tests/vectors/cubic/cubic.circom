pragma circom 2.0.0;

// out = x³ + k·x + 5, with k public and one input that nothing uses.
template Cubic() {
    signal input x;
    signal input k;
    signal input unused;
    signal output out;
    signal square <== x * x;
    signal linear <== k * x;
    out <== square * x + linear + 5;
}

component main {public [k]} = Cubic();
