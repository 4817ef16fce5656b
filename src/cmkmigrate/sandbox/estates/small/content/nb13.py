# Databricks notebook source
print(' spaces at both ends ')
