"""Reads SBOMs and version ranges; decides nothing about them and keeps nothing."""
